package cmd

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newNetworkCheck(o *options) *cobra.Command {
	var from string
	c := &cobra.Command{
		Use:   "check",
		Short: "Connect over every way: from the host, from the kubenodes, from outside",
		Long: "check connects from this host and from every kubenode to the public address (from a kubenode that is a hairpin), and\n" +
			"from this host to every kubenode. With --from it also connects from another machine, over this host's ssh: with your\n" +
			"keys and known hosts, and without any program there.",
		Example: "  sudo wiabctl network check\n  sudo wiabctl network check --from ops@elsewhere.example.net",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				probes, err := installation.CheckNetwork(c.Context(), from)
				return errors.Join(err, o.renderProbes(c.OutOrStdout(), probes))
			})
		},
	}
	c.Flags().StringVar(&from, "from", "", "an SSH login on a machine on the internet, to connect from")
	return c
}

func (o *options) renderProbes(out io.Writer, probes []provision.Probe) error {
	if o.output == "json" {
		return encode(out, probes...)
	}
	table := tableOf(out)
	for _, p := range probes {
		result := fmt.Sprintf("ok\t%s", p.Took.Round(time.Millisecond))
		switch {
		case p.Skipped != "":
			result = "skipped\t" + p.Skipped
		case p.Problem != "":
			result = "broken\t" + p.Problem
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", p.From, p.To, result)
	}
	return table.Flush()
}
