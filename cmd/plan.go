package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newPlan(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "plan",
		Short:   "Show what up would do, without doing anything",
		Example: "  sudo wiabctl plan",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			installation, err := o.open(c.OutOrStdout())
			if err != nil {
				return err
			}
			defer installation.Close()
			plans, err := installation.Plan(c.Context())
			o.renderPlan(c.OutOrStdout(), plans)
			if err != nil {
				return err
			}
			if o.output == "plain" {
				fmt.Fprintf(c.OutOrStdout(), "%s to make\n", changes(provision.Count(plans)))
			}
			return nil
		},
	}
}
