package vm

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/digitalocean/go-libvirt"

	"wiabctl/provision/change"
)

// CheckDelete refuses what cannot be deleted: a snapshot that there is not, or one
// that is half restored.
func (s *Snapshots) CheckDelete(ctx context.Context, name string) error {
	names, err := s.names(ctx)
	if err != nil {
		return err
	}
	if !names[name] {
		return SnapshotUnknown.Failf("there is no snapshot %s", name)
	}
	half, err := s.half()
	if err == nil && half == name {
		err = SnapshotHalfRestored.Failf("restoring snapshot %s was interrupted: without it the disks cannot be made whole", name)
	}
	return err
}

// Delete removes the snapshot, also an incomplete one, and gives its space back; the
// machines run on. After an interruption the rest is an incomplete snapshot.
func (s *Snapshots) Delete(ctx context.Context, name string, say change.Progress) error {
	if err := s.CheckDelete(ctx, name); err != nil {
		return err
	}
	return s.drop(ctx, name, say)
}

// drop removes all there is of the snapshot, the directory last.
func (s *Snapshots) drop(ctx context.Context, name string, say change.Progress) error {
	if err := s.invalidate(name); err != nil {
		return err
	}
	err := errors.Join(
		s.Room.each(func(machine Machine) error { return s.free(ctx, machine, name, say) }),
		s.Along.Delete(ctx, name))
	if err != nil {
		return fmt.Errorf("deleting snapshot %s: %w", name, err)
	}
	return s.forget(name)
}

// free deletes what the machine's disk holds of the snapshot. A disk that is not ours,
// or not there, holds nothing.
func (s *Snapshots) free(ctx context.Context, machine Machine, name string, say change.Progress) error {
	state, err := s.ours(ctx, machine)
	if err != nil || state == nil || state.find(tag(name)) == nil {
		return err
	}
	is, err := s.Room.observe(ctx, machine)
	if err != nil {
		return err
	}
	if is.active() && is.state != libvirt.DomainRunning { // QEMU may have let go of its disk
		return SnapshotRefused.Failf("its disk cannot be worked on: %s", is.halted())
	}
	say.Sayf("freeing what the disk of %s holds of it", machine.Name)
	return s.Room.freeDisk(ctx, machine, is.active(), tag(name))
}

// Remove takes away what is left of all snapshots once the machines' disks are gone: their
// memory, and how they are described.
func (s *Snapshots) Remove() []change.Change {
	var changes []change.Change
	for _, directory := range []string{s.memoryRoot(), s.Dir} {
		if _, err := os.Stat(directory); err == nil {
			changes = append(changes, change.Change{Verb: change.Delete, Subject: "directory " + directory, Reason: "the snapshots go with the disks",
				Apply: func(context.Context, change.Progress) error { return os.RemoveAll(directory) }})
		}
	}
	return changes
}
