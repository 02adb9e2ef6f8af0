package cmd

import (
	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newConfigSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the configuration file, for editors and other programs",
		Long: "schema prints a JSON Schema (draft 2020-12): every field with its meaning, its default and the words that it takes.\n" +
			"An editor with a YAML language server completes and checks the file by it:\n\n" +
			"  # yaml-language-server: $schema=wiabctl.schema.json",
		Example: "  wiabctl config schema >wiabctl.schema.json",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := c.OutOrStdout().Write(provision.Schema())
			return err
		},
	}
}
