package cmd

import "github.com/spf13/cobra"

func newDomain(o *options) *cobra.Command {
	c := &cobra.Command{
		Use:     "domain",
		Short:   "Tell of the domains: what belongs to each, its records in DNS, whether it answers as it should, what it tells of others",
		Example: "  sudo wiabctl domain verify\n  sudo wiabctl domain dns red.example.com",
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newDomainList(o), newDomainShow(o), newDomainDNS(o), newDomainVerify(o), newDomainLeaks(o))
	return c
}
