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
			installation, err := o.open(c.OutOrStdout())
			if err != nil {
				return err
			}
			defer installation.Close()
			plans, err := installation.Plan(c.Context())
			o.renderStatus(c, plans)
			return err
		},
	}
}

func (o *options) renderStatus(c *cobra.Command, plans []provision.Planned) {
	if o.output == "json" {
		show := o.view(c.OutOrStdout())
		for _, p := range plans {
			show(provision.Event{Time: time.Now(), Stage: p.Stage, Kind: provision.StagePlanned, Changes: len(p.Changes)})
		}
		return
	}
	for _, p := range plans {
		state := "as configured"
		if n := len(p.Changes); n > 0 {
			state = changes(n) + " to make, first: " + p.Changes[0].String()
		}
		c.Printf("%-12s %s\n", p.Stage, state)
	}
}
