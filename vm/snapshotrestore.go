package vm

import (
	"context"
	"errors"
	"fmt"

	"github.com/digitalocean/go-libvirt"

	"wiabctl/provision/change"
)

// Restore returns the changes that bring the machines, and what was saved along, back to
// the snapshot. From the first to the second Check fails, so that nobody starts machines
// whose disks are of different times; repeated from the start, they always succeed.
// It fails as CheckRestore does.
func (s *Snapshots) Restore(ctx context.Context, name string) ([]change.Change, error) {
	snapshot, err := s.CheckRestore(ctx, name)
	if err != nil {
		return nil, err
	}
	then := snapshot.Created.Local().Format("2006-01-02 15:04:05")
	start := change.Change{Verb: change.Start, Subject: "machines", Reason: "all of them boot"}
	if snapshot.Memory {
		start.Reason = "with the memory of then, all of them go on where they were"
	}
	start.Apply = func(ctx context.Context, say change.Progress) error { return s.start(ctx, snapshot, say) }
	return []change.Change{
		{Verb: change.Replace, Subject: "disks of all machines", Reason: "as they were at " + then + "; all that was written since is lost",
			Apply: func(ctx context.Context, say change.Progress) error { return s.rewind(ctx, name, say) }},
		{Verb: change.Replace, Subject: "receipts of the cluster", Reason: "as they were at " + then,
			Apply: func(ctx context.Context, _ change.Progress) error {
				if err := s.Along.Restore(ctx, name); err != nil {
					return err
				}
				return s.clearHalf()
			}},
		start,
	}, nil
}

// rewind ends all machines and puts their disks back.
func (s *Snapshots) rewind(ctx context.Context, name string, say change.Progress) error {
	// Asked again, for since the plan somebody had time to think.
	if _, err := s.CheckRestore(ctx, name); err != nil {
		return err
	}
	if err := s.setHalf(name); err != nil {
		return fmt.Errorf("noting that the restore began: %w", err)
	}
	say.Sayf("ending all machines")
	if err := s.Room.cutAll(ctx); err != nil {
		return err
	}
	say.Sayf("putting the disks back")
	whole := context.WithoutCancel(ctx) // it takes a moment, and half of it is of no use
	return s.Room.each(func(machine Machine) error {
		return changeImage(whole, "snapshot", "-a", tag(name), s.Room.paths(machine).disk)
	})
}

func (r *Room) cutAll(ctx context.Context) error {
	return r.each(func(machine Machine) error {
		return r.Libvirt(ctx, func(virt *libvirt.Libvirt) error { return cut(virt, machine.Name) })
	})
}

func (s *Snapshots) start(ctx context.Context, snapshot *Snapshot, say change.Progress) error {
	if snapshot.Memory {
		if err := s.reawaken(ctx, snapshot, say); err != nil {
			return err
		}
	}
	return s.Room.each(func(machine Machine) error { return s.Room.boot(ctx, machine, say) })
}

// boot starts the machine if it does not run and waits until it is ready.
func (r *Room) boot(ctx context.Context, machine Machine, say change.Progress) error {
	want, err := r.want(machine)
	if err != nil {
		return err
	}
	is, err := r.observe(ctx, machine)
	if err != nil {
		return err
	}
	return r.bringUp(ctx, is, want, say)
}

// reawaken loads the memory of all machines and lets them go on together. If one
// cannot, none does: their disks are whole, and without memory all can boot from them.
func (s *Snapshots) reawaken(ctx context.Context, snapshot *Snapshot, say change.Progress) error {
	say.Sayf("loading their memory")
	all := crew{room: s.Room, live: map[string]bool{}}
	for _, machine := range s.Room.Machines {
		all.live[machine.Name] = true
	}
	err := s.Room.each(func(machine Machine) error { return loadMemory(ctx, snapshot.of(machine).Memory) })
	if err != nil {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoing)
		defer cancel()
		return SnapshotRefused.Failf("the memory cannot be taken up again; the disks are back, `wiabctl up` boots the machines from them: %w",
			errors.Join(err, s.Room.cutAll(ending)))
	}
	if err := all.resume(ctx); err != nil {
		return err
	}
	if err := s.setClocks(ctx, all); err != nil {
		say.Sayf("the guests' clocks are of %s: %v", snapshot.Created.Local(), err)
	}
	return nil
}
