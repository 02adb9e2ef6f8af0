package cmd

import "github.com/spf13/cobra"

func newConfig(o *options) *cobra.Command {
	c := &cobra.Command{
		Use:   "config",
		Short: "Write, check and explain the configuration file",
		Long: "One YAML file describes the installation; --config names another than " + defaultConfig + ". Above it go variables of\n" +
			"the environment, which are fields' paths in capitals (WIABCTL_NETWORK_EGRESS=full), and above those --set network.egress=full.",
		Example: "  sudo wiabctl config init\n  wiabctl config validate -c draft.yaml",
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newConfigInit(o), newConfigImport(o), newConfigValidate(o), newConfigView(o), newConfigSchema())
	return c
}
