package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newPlan(o *options) *cobra.Command {
	var orders provision.Orders
	var out string
	c := &cobra.Command{
		Use:   "plan",
		Short: "Show what up would do, without doing anything",
		Long: "plan tells for each stage what up would change, and why: + comes, ~ changes, - goes, ! is interrupted, or cannot be told\n" +
			"yet. Values and rules that differ are listed below; of several reasons the first is told, JSON has all. The exit code is\n" +
			"0 if there is nothing to do, 2 if there is. It takes what up takes to choose stages. With --out the plan is saved too:\n" +
			"`wiabctl up --plan-file FILE` does just that, or refuses.",
		Example: "  sudo wiabctl plan\n  sudo wiabctl plan --output json          # one event a line\n  sudo wiabctl plan --out plan.json && sudo wiabctl up --plan-file plan.json",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := orders.Check(); err != nil {
				return err
			}
			return o.with(c, func(installation *provision.Installation) error { return o.plan(c, installation, orders, out) })
		},
	}
	o.ordersFlags(c, &orders)
	c.Flags().StringVar(&out, "out", "", "save the plan in this file, for up --plan-file")
	return c
}

// plan tells what up would do, and saves it if there is a file for it.
func (o *options) plan(c *cobra.Command, installation *provision.Installation, orders provision.Orders, out string) error {
	plans, err := installation.Propose(c.Context(), orders)
	installation.Tell(plans)
	if err != nil {
		return err
	}
	if out != "" {
		saved, err := installation.Saved(orders, plans)
		if err == nil {
			err = saved.Write(out)
		}
		if err != nil {
			return err
		}
	}
	count := provision.Count(plans)
	if o.output == "plain" {
		fmt.Fprintf(c.OutOrStdout(), "%s to make\n", changes(count))
	}
	if count > 0 {
		return &exitStatus{provision.SomethingToDo.Exit}
	}
	return nil
}
