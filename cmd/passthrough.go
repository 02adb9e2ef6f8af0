package cmd

import (
	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newKubectl(o *options) *cobra.Command {
	return passThrough(o, "kubectl", []string{"kubectl"}, &cobra.Command{
		Short: "Run kubectl on the cluster",
		Example: "  sudo wiabctl kubectl get pods\n  sudo wiabctl kubectl -- -n cert-manager-ns get pods    # -- comes before flags that stand first\n" +
			"  sudo wiabctl kubectl apply -f - <job.yaml",
	})
}

func newHelm(o *options) *cobra.Command {
	return passThrough(o, "helm", []string{"helm"}, &cobra.Command{
		Short:   "Run helm on the cluster; an upgrade gets the release's overlays",
		Example: "  sudo wiabctl helm list\n  sudo wiabctl helm history wire-server\n  sudo wiabctl helm upgrade webapp ./charts/webapp --values values/webapp/values.yaml",
	})
}

func newD(o *options) *cobra.Command {
	return passThrough(o, "d", nil, &cobra.Command{
		Short:   "Run any command in the artifact's tools container, as upstream's function d does",
		Example: "  sudo wiabctl d bash\n  sudo wiabctl d -- ansible all -i ansible/inventory/offline/inventory.yml -m shell -a date",
	})
}

// passThrough is a command that hands its arguments on to a program in the tools
// container, all from the first on that is no flag of ours.
func passThrough(o *options, name string, program []string, c *cobra.Command) *cobra.Command {
	c.Use = name + " [--] ARGUMENT..."
	c.Long = c.Short + ".\n\nIt runs in the artifact's tools container on the admin host, in the deploy directory: names of files are meant there.\n" +
		"Input and output are this command's, and a terminal if both are one; the exit status is wiabctl's."
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return provision.BadUsage.Failf("%s takes a command and its arguments", c.CommandPath())
		}
		return nil
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		return o.with(c, func(installation *provision.Installation) error {
			session := provision.Session{Argv: append(program, args...), In: c.InOrStdin(), Out: c.OutOrStdout(), Err: c.ErrOrStderr()}
			_, shown := terminalOf(c.OutOrStdout())
			if at, ok := terminalOf(c.InOrStdin()); ok && shown {
				restore, err := at.attach(c.Context(), &session)
				if err != nil {
					return err
				}
				defer restore()
			}
			status, err := installation.InTools(c.Context(), session)
			if err == nil && status != 0 {
				return &exitStatus{status}
			}
			return err
		})
	}
	c.Flags().SetInterspersed(false)
	return c
}
