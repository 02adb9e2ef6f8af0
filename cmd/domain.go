package cmd

import "github.com/spf13/cobra"

func newDomain(o *options) *cobra.Command {
	c := &cobra.Command{
		Use:     "domain",
		Short:   "Verify the domains, their names in DNS, and what one tells of another",
		Example: "  sudo wiabctl domain verify\n  sudo wiabctl domain dns red.example.com",
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newDomainVerify(o), newDomainDNS(o), newDomainLeaks(o))
	return c
}
