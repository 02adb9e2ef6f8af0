package cmd

import (
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newStatus(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Tell for each stage whether it is as configured, and how the parts of the cluster are",
		Long: "status compares every stage with the configuration, and asks Kubernetes, the releases, the certificates and the data\n" +
			"services how they are: Cassandra, Elasticsearch, MinIO, PostgreSQL, RabbitMQ. What does not answer within ten seconds\n" +
			"is told and keeps nothing else waiting. The exit status is that of `unhealthy` if a part is not well or silent.",
		Example: "  sudo wiabctl status\n  sudo wiabctl status --output json    # one stage, version or part a line",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				plans, err := installation.Plan(c.Context())
				o.renderStatus(c, plans)
				if versions, err := installation.Versions(); err == nil { // else the stage assets tells of it
					o.renderVersions(c.OutOrStdout(), versions)
				}
				parts, unwell := installation.Health(c.Context())
				o.renderHealth(c.OutOrStdout(), parts)
				return errors.Join(err, unwell)
			})
		},
	}
}

// renderHealth tells how the parts of the cluster are.
func (o *options) renderHealth(out io.Writer, parts []provision.Health) {
	show := o.view(out)
	for _, p := range parts {
		show(provision.Event{Time: time.Now(), Stage: "health", Kind: provision.EventKind(p.State), Subject: p.Part, Text: p.Text, Took: p.Took})
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
