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
		Long: "rollback shows what up would do with that version, asks, writes the version's hash (and URL and digest, where they are told)\n" +
			"into the configuration file, whose comments and layout stay, and runs up: the version takes over keys, inventory, secrets and receipts, and its\n" +
			"scripts run. If the configured version never became active, it goes back to the active one. What the newer version made of\n" +
			"the databases stays: a snapshot taken before the upgrade is the way back for them. `wiabctl status` names the versions.",
		Example: "  sudo wiabctl rollback\n  sudo wiabctl rollback --to 5b01f250e128db689715558bad6b5e532cf4a7a0 --yes",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			overrides, err := o.overrides()
			if err != nil {
				return err
			}
			return o.up(c, intent{yes: yes, question: "Go back?", revise: func() (provision.Config, func() error, error) {
				back, err := provision.PlanRollback(o.config, to, overrides...)
				return back.Config, back.Write, err
			}})
		},
	}
	c.Flags().StringVar(&to, "to", "", "hash of the version (default: the one that was active before)")
	yesFlag(c, &yes)
	return c
}
