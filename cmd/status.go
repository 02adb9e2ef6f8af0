package cmd

import (
	"io"
	"time"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newStatus(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "status",
		Short:   "Tell for each stage whether it is as configured",
		Example: "  sudo wiabctl status",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				plans, err := installation.Plan(c.Context())
				o.renderStatus(c, plans)
				if versions, err := installation.Versions(); err == nil { // else the stage assets tells of it
					o.renderVersions(c.OutOrStdout(), versions)
				}
				return err
			})
		},
	}
}

// renderVersions tells which versions of the artifact there are, and which is active.
func (o *options) renderVersions(out io.Writer, versions []provision.Version) {
	show := o.view(out)
	for _, v := range versions {
		text := "never active"
		switch {
		case v.Active:
			text = "active since " + v.Activated.Local().Format(time.DateTime)
		case !v.Activated.IsZero():
			text = "last activated at " + v.Activated.Local().Format(time.DateTime)
		}
		show(provision.Event{Time: time.Now(), Stage: "assets", Kind: provision.VersionThere, Subject: v.Hash, Text: text})
	}
}

func (o *options) renderStatus(c *cobra.Command, plans []provision.Planned) {
	show := o.view(c.OutOrStdout())
	for _, p := range plans {
		switch {
		case p.Err != nil:
			show(unclear(p))
		case o.output == "json":
			show(provision.Event{Time: time.Now(), Stage: p.Stage, Kind: provision.StagePlanned, Changes: len(p.Changes), Took: p.Took})
		case len(p.Changes) > 0:
			c.Printf("%-12s %s to make, first: %s\n", p.Stage, changes(len(p.Changes)), p.Changes[0])
		default:
			c.Printf("%-12s as configured\n", p.Stage)
		}
	}
}
