package cmd

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newDomainVerify(o *options) *cobra.Command {
	var address string
	c := &cobra.Command{
		Use:   "verify [DOMAIN...]",
		Short: "Ask for domains as a client on the internet does, and see that none tells of another",
		Long: "verify asks each domain, all if none is named, for what clients ask: the names and their certificates, the API and its\n" +
			"deep link, WebSockets, the webapp with its configuration and policy, whether a browser lets it call the API, assets, team\n" +
			"settings, account pages, the conference server; and whether the internal API is closed. No answer may name another domain\n" +
			"of the installation; what cannot be avoided is noted (`wiabctl domain leaks`). The result is kept for `wiabctl domain list`.",
		Example:           "  sudo wiabctl domain verify\n  sudo wiabctl domain verify red.example.com --address 203.0.113.10    # before its DNS is right",
		ValidArgsFunction: o.completeAllDomains,
		RunE: func(c *cobra.Command, domains []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				all, err := installation.VerifyDomains(c.Context(), domains, address)
				if len(all) == 0 {
					return err
				}
				return errors.Join(err, o.renderVerifications(c.OutOrStdout(), all))
			})
		},
	}
	c.Flags().StringVar(&address, "address", "", "ask at this address, host or host:port, whatever DNS says")
	return c
}

// renderVerifications has a line for each domain that is right, and one for each problem and note of the others.
func (o *options) renderVerifications(out io.Writer, all []provision.Verification) error {
	if o.output == "json" {
		return encode(out, all...)
	}
	table := tableOf(out)
	fmt.Fprintln(table, "DOMAIN\tCHECK\tRESULT")
	for _, v := range all {
		known := 0
		for _, f := range v.Findings {
			if f.Problem != "" {
				fmt.Fprintf(table, "%s\t%s\t%s\n", v.Domain, f.Check, f.Problem)
			}
			if f.Check == provision.LeakCheck {
				known = len(f.Notes)
				continue
			}
			for _, note := range f.Notes {
				fmt.Fprintf(table, "%s\t%s\tnote: %s\n", v.Domain, f.Check, note)
			}
		}
		if v.Err() == nil {
			fmt.Fprintf(table, "%s\tall %d\tok in %s, %s\n", v.Domain, len(v.Findings), short(v.Took), leaksKnown(known))
		}
	}
	return table.Flush()
}

// leaksKnown counts in words what one domain cannot but tell of another.
func leaksKnown(n int) string {
	switch n {
	case 0:
		return "tells of no other"
	case 1:
		return "1 known leak"
	default:
		return fmt.Sprintf("%d known leaks", n)
	}
}
