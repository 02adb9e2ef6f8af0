package cmd

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newKubeconfig(o *options) *cobra.Command {
	var merge bool
	c := &cobra.Command{
		Use:   "kubeconfig",
		Short: "Print the cluster's kubeconfig, or merge it into yours",
		Long: "kubeconfig prints the kubeconfig of the cluster's administrator: it is a secret. With --merge it becomes a context of\n" +
			"the file that KUBECONFIG names (the first of several), or of .kube/config in the home of the user that wiabctl runs\n" +
			"as, under the deployment's name; all else in the file stays, and so does the present context.",
		Example: "  sudo wiabctl kubeconfig >wire.conf\n  sudo wiabctl kubeconfig --merge\n  sudo --preserve-env=KUBECONFIG wiabctl kubeconfig --merge",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				if merge {
					return o.mergeKubeconfig(c, installation)
				}
				config, err := installation.Kubeconfig(c.Context())
				if err == nil {
					_, err = c.OutOrStdout().Write(config)
				}
				return err
			})
		},
	}
	c.Flags().BoolVar(&merge, "merge", false, "put it into your kubeconfig file")
	return c
}

func (o *options) mergeKubeconfig(c *cobra.Command, installation *provision.Installation) error {
	file, err := userKubeconfig()
	if err != nil {
		return err
	}
	name, err := installation.MergeKubeconfig(c.Context(), file)
	if err != nil {
		return err
	}
	if o.output == "json" {
		return encode(c.OutOrStdout(), map[string]string{"file": file, "context": name})
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "%s has the context %s: kubectl --context=%s get nodes\n", file, name, name)
	return err
}

// userKubeconfig is the file that kubectl reads.
func userKubeconfig() (string, error) {
	if named := filepath.SplitList(os.Getenv("KUBECONFIG")); len(named) > 0 && named[0] != "" {
		return named[0], nil
	}
	me, err := user.Current()
	if err != nil {
		return "", err
	}
	return filepath.Join(me.HomeDir, ".kube", "config"), nil
}
