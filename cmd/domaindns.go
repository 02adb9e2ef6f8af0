package cmd

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newDomainDNS(o *options) *cobra.Command {
	var zone, records bool
	c := &cobra.Command{
		Use:   "dns [DOMAIN...]",
		Short: "Tell which records domains need in DNS, and what is wrong with those that are there",
		Long: "dns lists the records of each domain, all if none is named, and asks the servers in charge of their zones whether they are\n" +
			"there: each name leads to the public address, or the domain's proxy, and nowhere else; none has an IPv6 address; CAA records\n" +
			"let Let's Encrypt sign; the zone is delegated to servers that all answer for it, and alike. A wildcard is noted. With\n" +
			"--records or --zone nobody is asked.",
		Example:           "  sudo wiabctl domain dns\n  sudo wiabctl domain dns red.example.com --zone >>red.zone",
		ValidArgsFunction: o.completeAllDomains,
		RunE: func(c *cobra.Command, domains []string) error {
			if zone && records {
				return provision.BadUsage.Failf("--records and --zone list the same: give one of them")
			}
			return o.with(c, func(installation *provision.Installation) error {
				if zone || records {
					all, err := installation.Records(domains)
					if err != nil {
						return err
					}
					return o.renderRecords(c.OutOrStdout(), all, zone)
				}
				all, err := installation.CheckDNS(c.Context(), domains)
				if len(all) == 0 {
					return err
				}
				return errors.Join(err, o.renderDNS(c.OutOrStdout(), all))
			})
		},
	}
	c.Flags().BoolVar(&records, "records", false, "only list the records")
	c.Flags().BoolVar(&zone, "zone", false, "only list the records, as a zone file")
	return c
}

func (o *options) renderRecords(out io.Writer, all []provision.Record, zone bool) error {
	if zone {
		_, err := io.WriteString(out, provision.Zone(all))
		return err
	}
	if o.output == "json" {
		return encode(out, all...)
	}
	table := tableOf(out)
	fmt.Fprintln(table, "NAME\tTYPE\tADDRESS")
	for _, r := range all {
		fmt.Fprintf(table, "%s\tA\t%s\n", r.Name, r.Address)
	}
	return table.Flush()
}

// renderDNS has a line for each name and what is wrong with it.
func (o *options) renderDNS(out io.Writer, all []provision.Verification) error {
	if o.output == "json" {
		return encode(out, all...)
	}
	table := tableOf(out)
	fmt.Fprintln(table, "DOMAIN\tWHAT\tRESULT")
	for _, v := range all {
		for _, f := range v.Findings {
			result := cmp.Or(f.Problem, "ok")
			if len(f.Notes) > 0 && f.Problem == "" {
				result = "note: " + strings.Join(f.Notes, "; ")
			}
			fmt.Fprintf(table, "%s\t%s\t%s\n", v.Domain, f.Check, result)
		}
	}
	return table.Flush()
}
