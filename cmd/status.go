package cmd

import (
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
			plans, err := o.plan(c)
			o.renderStatus(c, plans)
			return err
		},
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
