package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newNetworkWatch() *cobra.Command {
	return &cobra.Command{
		Use:   "watch NAME=ADDRESS:PORT...",
		Short: "Keep traffic away from kubenodes whose ingress does not answer",
		Long: "watch probes the ingress of every kubenode twice a second and changes the chain `spread` of our nftables table when\n" +
			"one stops answering or answers again. The unit wiabctl-health.service runs it; nobody has to call it by hand.",
		Example: "  sudo wiabctl network watch kubenode1=192.168.122.21:31773 kubenode2=192.168.122.22:31773",
		Hidden:  true, // a unit runs it, not a person
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return provision.BadUsage.Failf("%s takes at least one kubenode", c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, targets []string) error {
			return provision.Watch(c.Context(), targets, func(line string) { fmt.Fprintln(c.OutOrStdout(), line) })
		},
	}
}
