package cmd

import (
	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newSnapshot(o *options) *cobra.Command {
	c := &cobra.Command{
		Use:   "snapshot",
		Short: "Keep all VMs as they are at one moment, to break things and be back within a minute",
		Long: "A snapshot is one consistent set: the disks of all VMs, with their memory if wanted, and the receipts of the cluster\n" +
			"stages. It lives inside the VMs' own disks and costs only what is written afterwards. The configuration file is no part\n" +
			"of it: after a restore, `wiabctl up` brings the installation to what the file says, also to another version of the artifact\n" +
			"(`wiabctl rollback` goes back to that of the snapshot instead). It is no backup either: it goes with the disks.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newSnapshotCreate(o), newSnapshotList(o), newSnapshotRestore(o), newSnapshotDelete(o))
	return c
}

func newSnapshotCreate(o *options) *cobra.Command {
	var ask provision.SnapshotRequest
	c := &cobra.Command{
		Use:   "create NAME",
		Short: "Take a snapshot of the installation, which goes on running",
		Long: "create stops all VMs together for a moment, well under a second, and keeps their disks. What a restore starts is what a\n" +
			"power failure at that moment would have left, and the guests write out what they hold back just before.\n" +
			"With --memory they stand still until their memory is saved too, and a restore lets them go on where they were.",
		Example: "  sudo wiabctl snapshot create before-upgrade\n  sudo wiabctl snapshot create demo --memory --description 'logged in, three calls'",
		Args:    exactlyOne("one name"),
		RunE: func(c *cobra.Command, args []string) error {
			ask.Name = args[0]
			return o.locked(c, func(installation *provision.Installation) error {
				return installation.CreateSnapshot(c.Context(), ask)
			})
		},
	}
	c.Flags().BoolVar(&ask.Memory, "memory", false, "keep the VMs' memory too")
	c.Flags().StringVar(&ask.Description, "description", "", "what people should know of it")
	return c
}

func newSnapshotRestore(o *options) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use:   "restore NAME",
		Short: "Bring all VMs back to a snapshot",
		Long: "restore shows what it would replace and asks. It ends all VMs, puts their disks and the cluster's receipts back, starts\n" +
			"them and waits until all are ready. It refuses, and touches nothing, when the disks are not those that the snapshot was taken of.",
		Example:           "  sudo wiabctl snapshot restore before-upgrade\n  sudo wiabctl snapshot restore before-upgrade --yes    # where nobody can answer",
		Args:              exactlyOne("one name"),
		ValidArgsFunction: o.completeSnapshots,
		RunE: func(c *cobra.Command, args []string) error {
			return o.locked(c, func(installation *provision.Installation) error {
				plans, err := installation.PlanRestore(c.Context(), args[0])
				if err != nil {
					return err
				}
				return o.carry(c, installation, plans, yes, "Replace all of this?")
			})
		},
	}
	yesFlag(c, &yes)
	return c
}

func newSnapshotDelete(o *options) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use:               "delete NAME",
		Short:             "Delete a snapshot, which gives its space back; the VMs run on",
		Example:           "  sudo wiabctl snapshot delete before-upgrade",
		Args:              exactlyOne("one name"),
		ValidArgsFunction: o.completeSnapshots,
		RunE: func(c *cobra.Command, args []string) error {
			return o.locked(c, func(installation *provision.Installation) error {
				plans, err := installation.PlanDeleteSnapshot(c.Context(), args[0])
				if err != nil {
					return err
				}
				return o.carry(c, installation, plans, yes, "Delete it?")
			})
		},
	}
	yesFlag(c, &yes)
	return c
}

func newSnapshotList(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the snapshots, and whether each can be restored",
		Example: "  sudo wiabctl snapshot list\n  sudo wiabctl snapshot list --output json",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				all, err := installation.Snapshots(c.Context())
				if err != nil {
					return err
				}
				return o.renderSnapshots(c.OutOrStdout(), all)
			})
		},
	}
}

// carry shows the plan and makes it after a yes.
func (o *options) carry(c *cobra.Command, installation *provision.Installation, plans []provision.Planned, yes bool, question string) error {
	installation.Tell(plans)
	if err := agree(c, plans, yes, question); err != nil {
		return err
	}
	if _, err := installation.Make(c.Context(), plans); err != nil {
		return &unfinished{err, "log: " + installation.Log()}
	}
	return nil
}
