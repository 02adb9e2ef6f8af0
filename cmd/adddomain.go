package cmd

import (
	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newAddDomain(o *options) *cobra.Command {
	var domain provision.Domain
	c := &cobra.Command{
		Use:   "add-domain DOMAIN",
		Short: "Make the backend reachable under one more domain, without touching the others",
		Long: "add-domain writes the domain into the configuration file, whose comments and layout stay, and runs up: the file\n" +
			"remains the single description of what should be. A domain that is there already is no error.",
		Example: "  sudo wiabctl add-domain red.example.com\n  sudo wiabctl add-domain blue.example.net --cert blue.pem --key blue.key",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return provision.BadUsage.Failf("add-domain takes one domain, here are %d", len(args))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			domain.Domain = args[0]
			if (domain.Certificate.Cert == "") != (domain.Certificate.Key == "") {
				return provision.BadUsage.Failf("--cert and --key belong together")
			}
			if err := provision.CheckDomain(o.config, domain); err != nil {
				return err
			}
			return o.up(c, "add-domain "+domain.Domain, provision.Orders{}, func() error {
				return provision.AddDomain(o.config, domain)
			})
		},
	}
	c.Flags().StringVar(&domain.Name, "name", "", "DNS label for the domain's release (default: its first label)")
	c.Flags().StringVar(&domain.Title, "title", "", "what apps show for the backend (default: the domain)")
	c.Flags().StringVar(&domain.Certificate.Cert, "cert", "", "own certificate with its chain, PEM")
	c.Flags().StringVar(&domain.Certificate.Key, "key", "", "the certificate's key, PEM")
	return c
}
