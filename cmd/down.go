package cmd

import (
	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newDown(o *options) *cobra.Command {
	var yes, keepDisks, wholeHost bool
	c := &cobra.Command{
		Use:        "down",
		SuggestFor: []string{"uninstall", "destroy", "purge"},
		Short:      "Remove everything that wiabctl made, and nothing else",
		Long: "down shows what it would remove and asks. Installed packages stay, for others may use them by now; so does\n" +
			"the configuration file. Everything else that wiabctl made goes: VMs, disks, rules, network, artifact, keys, secrets, cache.\n" +
			"With --host the packages go too that wiabctl brought to this host, with their configuration and what came with them, and\n" +
			"no others; also later, after a down without it.\n" +
			"With --keep-disks the VMs are shut down, and what they live on stays: disks, artifact, keys, secrets. `wiabctl up --reuse-disks`\n" +
			"brings the installation back within minutes.",
		Example: "  sudo wiabctl down\n  sudo wiabctl down --yes    # where nobody can answer\n  sudo wiabctl down --host\n  sudo wiabctl down --keep-disks",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			extent := provision.ButPackages
			switch {
			case keepDisks && wholeHost:
				return provision.BadUsage.Failf("--keep-disks leaves what --host takes away: give one of them")
			case keepDisks:
				extent = provision.ButDisks
			case wholeHost:
				extent = provision.Everything
			}
			return o.locked(c, func(installation *provision.Installation) error { return o.takeDown(c, installation, yes, extent) })
		},
	}
	c.Flags().BoolVar(&wholeHost, "host", false, "purge the packages too that wiabctl brought to this host")
	c.Flags().BoolVar(&keepDisks, "keep-disks", false, "leave the VMs' disks and what belongs to them, for up --reuse-disks")
	yesFlag(c, &yes)
	return c
}

// takeDown shows what would go, and removes it after a yes.
func (o *options) takeDown(c *cobra.Command, installation *provision.Installation, yes bool, extent provision.Extent) error {
	plans := installation.PlanDown(c.Context(), extent)
	installation.Tell(plans)
	if err := agree(c, plans, yes, "Remove all of this?"); err != nil {
		return err
	}
	made, err := installation.Down(c.Context(), plans)
	if o.output == "plain" {
		c.Println(changes(made))
	}
	return err
}
