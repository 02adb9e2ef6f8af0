package cmd

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newDomainShow(o *options) *cobra.Command {
	return &cobra.Command{
		Use:               "show DOMAIN",
		Short:             "Show all that belongs to a domain: hosts, release and its objects, Secrets, where other releases name it",
		Example:           "  sudo wiabctl domain show red.example.com",
		Args:              exactlyOne("one domain"),
		ValidArgsFunction: o.completeAllDomains,
		RunE: func(c *cobra.Command, args []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				d, err := installation.Domain(c.Context(), args[0])
				if err != nil {
					return err
				}
				if o.output == "json" {
					return encode(c.OutOrStdout(), d)
				}
				return renderDomain(c.OutOrStdout(), d)
			})
		},
	}
}

func renderDomain(out io.Writer, d provision.DomainDetail) error {
	table := tableOf(out)
	fmt.Fprintf(table, "domain\t%s\n", d.Domain)
	if d.Name != "" {
		fmt.Fprintf(table, "name\t%s\ntitle\t%s\n", d.Name, d.Title)
	}
	fmt.Fprintf(table, "certificate\t%s, until %s\nrelease\t%s, %s\nverified\t%s\n",
		d.Certificate.Kind, until(d.Certificate), d.Release.Name, revision(d.Release), verified(d.DomainState))
	for _, part := range []struct {
		what  string
		lines []string
	}{{"host", d.Hosts}, {"object", d.Objects}, {"secret", d.Secrets}, {"entry", d.Entries}} {
		for _, line := range part.lines {
			fmt.Fprintf(table, "%s\t%s\n", part.what, line)
		}
	}
	return table.Flush()
}
