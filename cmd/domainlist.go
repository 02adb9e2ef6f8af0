package cmd

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newDomainList(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the domains with certificate, release and last verification",
		Example: "  sudo wiabctl domain list\n  sudo wiabctl domain list --output json    # one domain a line",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				all, err := installation.Domains(c.Context())
				if err != nil {
					return err
				}
				if o.output == "json" {
					return encode(c.OutOrStdout(), all...)
				}
				return renderDomains(c.OutOrStdout(), all)
			})
		},
	}
}

func renderDomains(out io.Writer, all []provision.DomainState) error {
	table := tableOf(out)
	fmt.Fprintln(table, "DOMAIN\tNAME\tCERTIFICATE\tUNTIL\tRELEASE\tVERIFIED")
	for _, d := range all {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", d.Domain, or(d.Name, "(default)"), d.Certificate.Kind, until(d.Certificate), revision(d.Release), verified(d))
	}
	return table.Flush()
}

// until is when a certificate ends.
func until(c provision.CertificateState) string {
	text := "none yet"
	if !c.NotAfter.IsZero() {
		text = c.NotAfter.Local().Format(time.DateOnly)
	}
	if c.Problem != "" {
		text += ": " + c.Problem
	}
	return text
}

// revision is a release's, and its status where that is not as it should be.
func revision(r provision.ReleaseState) string {
	switch {
	case r.Revision == 0:
		return "not deployed"
	case r.Status != "deployed":
		return fmt.Sprintf("revision %d is %s", r.Revision, r.Status)
	default:
		return fmt.Sprintf("revision %d", r.Revision)
	}
}

// verified is when a domain was last verified, and that it was not right.
func verified(d provision.DomainState) string {
	if d.Verified.IsZero() {
		return "never"
	}
	text := d.Verified.Local().Format(time.DateTime)
	if d.Problem != "" {
		text += ": not right, see `wiabctl domain verify`"
	}
	return text
}
