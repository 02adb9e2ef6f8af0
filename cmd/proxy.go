package cmd

import "github.com/spf13/cobra"

func newProxy(o *options) *cobra.Command {
	c := &cobra.Command{
		Use:   "proxy",
		Short: "Render, deploy and check the proxy in front of a domain",
		Long: "A proxy is a machine of your own that a domain's names lead to in this host's place, so that addresses do not tell which\n" +
			"domains are one backend's. It is declared in the configuration file, as proxy: {address: ...} of the domain.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newProxyRender(o), newProxyDeploy(o), newProxyCheck(o))
	return c
}
