package cmd

import (
	"github.com/spf13/cobra"
)

func newNetwork(o *options) *cobra.Command {
	c := &cobra.Command{
		Use:     "network",
		Short:   "Show and check the ways of the traffic, open and close the hairpin",
		Example: "  sudo wiabctl network show\n  sudo wiabctl network check",
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newNetworkShow(o), newNetworkCheck(o), newNetworkHairpin(o), newNetworkWatch())
	return c
}
