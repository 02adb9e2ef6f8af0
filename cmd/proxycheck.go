package cmd

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newProxyCheck(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "check DOMAIN",
		Short: "Ask the proxy in front of a domain as clients would, and compare with the backend's answers",
		Long: "check connects from this host to the proxy's address and to the public one: certificates, TLS, the deep link, hosts with ports and in\n" +
			"capital letters, other domains (403), WebSockets, redirects, challenges. DNS has no part in it.",
		Example:           "  sudo wiabctl proxy check red.example.com\n  sudo wiabctl proxy check red.example.com --output json    # one check a line",
		Args:              exactlyOne("one domain"),
		ValidArgsFunction: o.completeProxied,
		RunE: func(c *cobra.Command, args []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				findings, err := installation.CheckProxy(c.Context(), args[0])
				if len(findings) == 0 {
					return err
				}
				render := renderProxyFindings
				if o.output == "json" {
					render = encode[provision.ProxyFinding]
				}
				return errors.Join(err, render(c.OutOrStdout(), findings...))
			})
		},
	}
}

// renderProxyFindings lists what the checks found, one a line.
func renderProxyFindings(out io.Writer, findings ...provision.ProxyFinding) error {
	table := tableOf(out)
	fmt.Fprintln(table, "CHECK\tRESULT")
	for _, f := range findings {
		result := "ok"
		if f.Problem != "" {
			result = "problem: " + f.Problem
		}
		fmt.Fprintf(table, "%s\t%s\n", f.Check, result)
	}
	return table.Flush()
}
