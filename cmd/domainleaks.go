package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newDomainLeaks(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "leaks",
		Short: "Tell by what one domain tells of another with this release, and what can be done about it",
		Long: "leaks lists what no value of the artifact's charts can change, as it follows from the configuration and the artifact's\n" +
			"versions. What can be changed is not among it: there `wiabctl domain verify` fails.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				all, err := installation.KnownLeaks(c.Context())
				if err != nil {
					return err
				}
				if o.output == "json" {
					return encode(c.OutOrStdout(), all...)
				}
				for _, l := range all {
					fmt.Fprintf(c.OutOrStdout(), "%s: %s\n  remedy: %s\n", l.What, l.Tells, l.Remedy)
				}
				if len(all) == 0 {
					fmt.Fprintln(c.OutOrStdout(), "there is one domain: nobody can tell of another")
				}
				return nil
			})
		},
	}
}
