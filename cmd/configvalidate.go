package cmd

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"wiabctl/provision"
	"wiabctl/provision/change"
)

func newConfigValidate(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "validate",
		Short: "Check the configuration file, and the certificates and overlays that it leads to; change nothing",
		Long: "validate names every problem with its line and the path of its field, and typos with the field that they seem to mean.\n" +
			"It looks at files alone: at nothing of this host, and at nobody on the network. With --output json each problem is a line\n" +
			"with line, path, problem and, where it is not the file's, from; no line means that the file can be used.",
		Example: "  sudo wiabctl config validate\n  wiabctl config validate -c draft.yaml --output json",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			overrides, err := o.overrides()
			if err != nil {
				return err
			}
			err = provision.ValidateConfig(c.Context(), o.config, overrides...)
			if o.output == "json" {
				return errors.Join(err, encode(c.OutOrStdout(), problemsIn(err)...))
			}
			if err == nil {
				fmt.Fprintf(c.OutOrStdout(), "%s can be used\n", o.config)
			}
			return err
		},
	}
}

// problemsIn are all problems, also those that no line of the file tells: of a certificate, an overlay.
func problemsIn(err error) (all provision.Problems) {
	for _, leaf := range change.Leaves(err) {
		if of, is := errors.AsType[provision.Problems](leaf); is {
			all = append(all, of...)
		} else {
			all = append(all, provision.Problem{Problem: leaf.Error()})
		}
	}
	return all
}
