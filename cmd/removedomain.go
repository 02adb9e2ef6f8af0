package cmd

import (
	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newRemoveDomain(o *options) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use:        "remove-domain DOMAIN...",
		SuggestFor: []string{"remove", "delete-domain"},
		Short:      "Make the backend no longer reachable under domains, without touching the others",
		Long: "remove-domain shows what up would do without the domains, asks, takes them out of the configuration file, whose comments\n" +
			"and layout stay, and runs up, which removes what belongs to them: release, Ingresses, certificate and its key, issuer and its account.",
		Example: "  sudo wiabctl remove-domain red.example.com",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return provision.BadUsage.Failf("remove-domain takes domains")
			}
			return nil
		},
		ValidArgsFunction: o.completeDomains,
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.edit(c, intent{yes: yes}, provision.Removing(args...)); err != nil {
				return err
			}
			return provision.ForgetVerifications(args)
		},
	}
	yesFlag(c, &yes)
	return c
}

// completeDomains offers the extra domains that are not given yet.
func (o *options) completeDomains(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	config, err := o.load()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return without(domainsOf(config.Ingress.Domains), args), cobra.ShellCompDirectiveNoFileComp
}
