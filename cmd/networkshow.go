package cmd

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newNetworkShow(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "show",
		Short: "Show the way of a packet for each port, with counters, and what is not as configured",
		Long: "show tells what becomes of a packet for each port, and how often each rule matched: for the ports, of connections.\n" +
			"What is not as configured stands at the end, with what up would do about it.",
		Example: "  sudo wiabctl network show\n  sudo wiabctl network show --output json",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				view, err := installation.ShowNetwork(c.Context())
				if err != nil {
					return err
				}
				if o.output == "json" {
					return encode(c.OutOrStdout(), view)
				}
				return renderNetwork(c.OutOrStdout(), view)
			})
		},
	}
}

func renderNetwork(out io.Writer, view provision.NetworkView) error {
	table := tableOf(out)
	fmt.Fprintf(table, "internet\t%s on %s\n", view.Public, strings.Join(view.WAN, ", "))
	fmt.Fprintf(table, "VMs\t%s on %s\n", view.Subnet, view.Bridge)
	for _, way := range view.Ways {
		var ends []string
		for _, end := range way.To {
			ends = append(ends, fmt.Sprintf("%s %s (%s, %s)", end.Name, end.Address, end.Share, counted(end.Loaded, end.Packets, "connection")))
		}
		fmt.Fprintf(table, "%s\tfrom %s -> %s\n", way.Port, strings.Join(way.From, ", "), strings.Join(ends, ", "))
	}
	fmt.Fprintf(table, "hairpin\t%s: %s\n", view.Hairpin.Mode, counted(view.Hairpin.Loaded, view.Hairpin.Packets, "connection"))
	fmt.Fprintf(table, "egress\t%s\n", view.Egress)
	for _, rule := range view.Rules {
		fmt.Fprintf(table, "\t%s: %s\n", rule.Rule, counted(rule.Loaded, rule.Packets, "packet"))
	}
	if len(view.Changes) == 0 {
		fmt.Fprintln(table, "state\tas configured")
	}
	for _, change := range view.Changes {
		fmt.Fprintf(table, "state\t%s\n", change)
	}
	return table.Flush()
}

// counted is how often a rule matched, in words.
func counted(loaded bool, n uint64, what string) string {
	switch {
	case !loaded:
		return "not in force"
	case n == 1:
		return "1 " + what
	default:
		return fmt.Sprintf("%d %ss", n, what)
	}
}
