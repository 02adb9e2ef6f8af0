package cmd

import (
	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newConfigView(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "view",
		Short: "Show the configuration in force, with defaults, and where each value comes from",
		Long: "view shows what the file says, what the environment and --set put above it, and what is so because nobody says otherwise.\n" +
			"Secrets are hidden.",
		Example: "  sudo wiabctl config view\n  sudo wiabctl config view --set network.egress=full --output json    # one field a line",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			overrides, err := o.overrides()
			if err != nil {
				return err
			}
			view, err := provision.ViewConfig(o.config, overrides...)
			if err != nil {
				return err
			}
			if o.output == "json" {
				fields, err := view.Fields()
				if err != nil {
					return err
				}
				return encode(c.OutOrStdout(), fields...)
			}
			text, err := view.YAML()
			if err != nil {
				return err
			}
			_, err = c.OutOrStdout().Write(text)
			return err
		},
	}
}
