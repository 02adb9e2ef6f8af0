package provision

import (
	"context"
	"path/filepath"
	"strings"
	"unicode"

	"wiabctl/cluster"
	"wiabctl/provision/change"
	"wiabctl/vm"
)

// SnapshotRequest is what a new snapshot should be.
type SnapshotRequest = vm.SnapshotRequest

// Snapshot is a snapshot of the installation, and whether it can be restored.
type Snapshot = vm.Listed

// snapshotStage is what the events of work on snapshots say where others name their stage.
const snapshotStage = "snapshot"

// snapshots are the sets of all VMs and of the cluster's receipts.
func (i *Installation) snapshots() *vm.Snapshots {
	return &vm.Snapshots{
		Room:  i.room(),
		Dir:   filepath.Join(stateDir, "snapshots"),
		Along: receipts{cluster.Receipts{Admin: i.admin}},
		Shell: i.shell,
	}
}

// receipts goes with a snapshot of the VMs: what tells of the state of the cluster that
// runs on them.
type receipts struct{ cluster.Receipts }

// Save keeps the receipts, which no job may be changing.
func (r receipts) Save(ctx context.Context, name string) error {
	if err := r.idle(ctx); err != nil {
		return err
	}
	return r.Receipts.Save(ctx, name)
}

// Check refuses while a job works, and when the receipts are lost.
func (r receipts) Check(ctx context.Context, name string) error {
	if err := r.idle(ctx); err != nil {
		return err
	}
	err := r.Receipts.Check(ctx, name)
	if cluster.ExitStatus(err) > 0 {
		return vm.SnapshotDisksChanged.Failf("what was saved of the cluster cannot be brought back: %w", err)
	}
	return err
}

func (r receipts) idle(ctx context.Context) error {
	running, err := r.Running(ctx)
	if err != nil {
		return err
	}
	if len(running) > 0 {
		return vm.SnapshotRefused.Failf("a script is still at work on the cluster: %s", strings.Join(running, ", "))
	}
	return nil
}

// shell runs a command on a VM.
func (i *Installation) shell(ctx context.Context, m vm.Machine, command func() []string) error {
	_, err := i.ask(ctx, m, command()...)
	return err
}

// Snapshots lists the snapshots, the oldest first.
func (i *Installation) Snapshots(ctx context.Context) ([]Snapshot, error) {
	if i.provider.refusal != nil {
		return nil, i.provider.refusal
	}
	return i.snapshots().List(ctx)
}

// CreateSnapshot takes a snapshot of the running installation; the caller holds the run lock.
func (i *Installation) CreateSnapshot(ctx context.Context, ask SnapshotRequest) error {
	if err := i.checkSnapshotName(ask.Name); err != nil {
		return err
	}
	if strings.ContainsFunc(ask.Description, unicode.IsControl) {
		return BadUsage.Failf("a snapshot's description is one line of text")
	}
	switch unfinished, err := i.rotation().unfinished(); {
	case err != nil:
		return err
	case ofVMs(unfinished):
		return vm.SnapshotRefused.Failf("the VMs' SSH keys are being replaced; `wiabctl up` finishes that")
	}
	if err := i.snapshots().CheckCreate(ctx, ask); err != nil {
		return err
	}
	reason := "the disks of all VMs"
	if ask.Memory {
		reason += " and their memory"
	}
	_, err := i.Make(ctx, []Planned{{Stage: snapshotStage, Changes: []change.Change{{
		Verb: change.Create, Subject: "snapshot " + ask.Name, Reason: reason + ", at one moment",
		Apply: func(ctx context.Context, say change.Progress) error {
			_, err := i.snapshots().Create(ctx, ask, say)
			return err
		},
	}}}})
	return err
}

// PlanRestore tells what restoring the snapshot would replace.
func (i *Installation) PlanRestore(ctx context.Context, name string) ([]Planned, error) {
	if err := i.checkSnapshotName(name); err != nil {
		return nil, err
	}
	changes, err := i.snapshots().Restore(ctx, name)
	if err != nil {
		return nil, err
	}
	return []Planned{{Stage: snapshotStage, Changes: changes}}, nil
}

// PlanDeleteSnapshot tells what deleting the snapshot would remove.
func (i *Installation) PlanDeleteSnapshot(ctx context.Context, name string) ([]Planned, error) {
	if err := i.checkSnapshotName(name); err != nil {
		return nil, err
	}
	if err := i.snapshots().CheckDelete(ctx, name); err != nil {
		return nil, err
	}
	return []Planned{{Stage: snapshotStage, Changes: []change.Change{{
		Verb: change.Delete, Subject: "snapshot " + name, Reason: "it cannot be restored any more",
		Apply: func(ctx context.Context, say change.Progress) error { return i.snapshots().Delete(ctx, name, say) },
	}}}}, nil
}

// checkSnapshotName refuses what can be no snapshot's name, and any where there are none.
func (i *Installation) checkSnapshotName(name string) error {
	if i.provider.refusal != nil {
		return i.provider.refusal
	}
	if !vm.ValidSnapshotName(name) {
		return BadUsage.Failf("%q cannot be a snapshot's name: lower-case letters, digits and dashes, at most 63", name)
	}
	return nil
}
