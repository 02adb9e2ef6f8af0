package cmd

import (
	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newRemoveDomain(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "remove-domain DOMAIN...",
		Short: "Make the backend no longer reachable under domains, without touching the others",
		Long: "remove-domain takes the domains out of the configuration file, whose comments and layout stay, and runs up, which\n" +
			"removes what belongs to them: release, Ingresses, certificate and its key, issuer and its account.",
		Example: "  sudo wiabctl remove-domain red.example.com",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return provision.BadUsage.Failf("remove-domain takes domains")
			}
			return nil
		},
		ValidArgsFunction: o.completeDomains,
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.edit(c, "remove-domain", args, provision.Removing(args...)); err != nil {
				return err
			}
			return provision.ForgetVerifications(args)
		},
	}
}

// completeDomains offers the extra domains that are not given yet.
func (o *options) completeDomains(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	config, err := o.load()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return without(domainsOf(config.Ingress.Domains), args), cobra.ShellCompDirectiveNoFileComp
}
