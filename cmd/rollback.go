package cmd

import (
	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newRollback(o *options) *cobra.Command {
	var to string
	var yes bool
	c := &cobra.Command{
		Use:   "rollback",
		Short: "Go back to the version of the artifact that was active before",
		Long: "rollback writes the version's hash (and URL and digest, where they are told) into the configuration file, whose comments and\n" +
			"layout stay, shows what up would do, asks, and runs up: the version takes over keys, inventory, secrets and receipts, and its\n" +
			"scripts run. If the configured version never became active, it goes back to the active one. What the newer version made of\n" +
			"the databases stays: a snapshot taken before the upgrade is the way back for them. `wiabctl status` names the versions.",
		Example: "  sudo wiabctl rollback\n  sudo wiabctl rollback --to 5b01f250e128db689715558bad6b5e532cf4a7a0 --yes",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return o.up(c, "rollback", provision.Orders{}, func() error { return o.rollback(c, to, yes) })
		},
	}
	c.Flags().StringVar(&to, "to", "", "hash of the version (default: the one that was active before)")
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return c
}

// rollback lets the configuration file ask for the version, after a yes to what that
// comes to.
func (o *options) rollback(c *cobra.Command, to string, yes bool) error {
	overrides, err := o.overrides()
	if err != nil {
		return err
	}
	back, err := provision.PlanRollback(o.config, to, overrides...)
	if err != nil {
		return err
	}
	installation := provision.Open(back.Config, o.view(c.OutOrStdout()))
	defer installation.Close()
	plans, err := installation.Plan(c.Context())
	if err != nil {
		return err
	}
	if !yes {
		o.renderPlan(c.OutOrStdout(), plans)
		if err := confirm(c, "Go back to "+back.Version.Hash+"?"); err != nil {
			return err
		}
	}
	return back.Write()
}
