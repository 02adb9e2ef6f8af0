package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

// defaultReport is where a report is written if no file is named.
const defaultReport = "wiabctl-report.html"

func newReport(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "report [FILE]",
		Short: "Write a page that shows the installation: topology, VMs, domains, the last changes, versions",
		Long: "report writes one HTML page that stands alone and can be handed on, by default " + defaultReport + " in the current directory,\n" +
			"in place of an older one. It shows what is as configured and what is not, the domains with DNS, certificate and\n" +
			"verification, the VMs, the time each stage of the last run took, what it changed, and versions. Secrets are taken out.",
		Example: "  sudo wiabctl report\n  sudo wiabctl report /var/www/html/wire.html",
		Args:    atMostOne("the name of one file"),
		RunE: func(c *cobra.Command, args []string) error {
			path := defaultReport
			if len(args) > 0 {
				path = args[0]
			}
			return o.with(c, func(installation *provision.Installation) error {
				report, err := installation.Report(c.Context())
				if err != nil {
					return err
				}
				if err := report.Write(path); err != nil {
					return err
				}
				if o.output == "json" {
					return encode(c.OutOrStdout(), reported{path, report.Verdict().Text, report.Missing})
				}
				_, err = fmt.Fprintf(c.OutOrStdout(), "%s: %s\n", path, report.Verdict().Text)
				return err
			})
		},
	}
}

// reported tells of a report, as programs read it.
type reported struct {
	File    string              `json:"file"`
	Verdict string              `json:"verdict"`
	Missing []provision.Missing `json:"missing,omitempty"`
}
