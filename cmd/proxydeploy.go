package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newProxyDeploy(o *options) *cobra.Command {
	var host string
	var yes bool
	c := &cobra.Command{
		Use:   "deploy DOMAIN",
		Short: "Make a machine the proxy in front of a domain, over SSH",
		Long: "deploy looks at the machine, shows what it would change there, asks, and does it: haproxy and certbot from the machine's own\n" +
			"Debian or Ubuntu, haproxy's configuration, a certificate from Let's Encrypt (or the domain's own), its renewal. haproxy checks the\n" +
			"new configuration before it takes the old one's place, and the old one comes back if haproxy does not take it after all. Open\n" +
			"connections stay. Run again, it changes nothing. The domain's names have to lead to the machine, for the certificate's sake.\n" +
			"It logs in as root, or with sudo, by proxy.ssh.key or ~/.ssh/id_ed25519; the machine's host key has to be known before, from\n" +
			"proxy.ssh.host_key or ~/.ssh/known_hosts.",
		Example:           "  sudo wiabctl proxy deploy red.example.com\n  sudo wiabctl proxy deploy red.example.com --host vps.example.net --yes",
		Args:              exactlyOne("one domain"),
		ValidArgsFunction: o.completeProxied,
		RunE: func(c *cobra.Command, args []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				pipeline, err := installation.ProxyPipeline(args[0], host)
				if err != nil {
					return err
				}
				return o.deploy(c, pipeline, yes)
			})
		},
	}
	c.Flags().StringVar(&host, "host", "", "the machine's name or address for SSH (default: proxy.ssh.host, or the proxy's address)")
	yesFlag(c, &yes)
	return c
}

// deploy shows what the pipeline would do, and does it after a yes.
func (o *options) deploy(c *cobra.Command, pipeline *provision.Pipeline, yes bool) error {
	plans := pipeline.Plan(c.Context())
	if err := pipeline.Blocked(plans); err != nil {
		return err
	}
	pipeline.Tell(plans)
	if err := agree(c, plans, yes, "Do this on the proxy's machine?"); err != nil {
		return err
	}
	made, err := pipeline.Up(c.Context(), plans)
	if err == nil && o.output == "plain" {
		fmt.Fprintln(c.OutOrStdout(), changes(made))
	}
	return err
}
