package cmd

import "github.com/spf13/cobra"

func newDomain(o *options) *cobra.Command {
	c := &cobra.Command{
		Use:   "domain",
		Short: "Tell of the domains: what belongs to each, its records in DNS, whether it answers as it should",
		Args:  noArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newDomainList(o), newDomainShow(o), newDomainDNS(o), newDomainVerify(o))
	return c
}
