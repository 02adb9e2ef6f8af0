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
			plans, err := o.plan(c)
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

// plan asks the configured installation what it has to do.
func (o *options) plan(c *cobra.Command) ([]provision.Planned, error) {
	var plans []provision.Planned
	err := o.with(c, func(installation *provision.Installation) (err error) {
		plans, err = installation.Plan(c.Context())
		return err
	})
	return plans, err
}
