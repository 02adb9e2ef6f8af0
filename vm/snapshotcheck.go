package vm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// CheckRestore refuses what would not bring back what was: a snapshot that is not
// complete, disks that are not those it was taken of, or a companion that cannot follow.
func (s *Snapshots) CheckRestore(ctx context.Context, name string) (*Snapshot, error) {
	snapshot, err := s.load(name)
	switch {
	case err == nil:
		return snapshot, s.obstacles(ctx, snapshot)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	names, err := s.names(ctx)
	if err == nil && names[name] {
		return nil, SnapshotIncomplete.Failf("snapshot %s is incomplete", name)
	}
	if err == nil {
		err = SnapshotUnknown.Failf("there is no snapshot %s", name)
	}
	return nil, err
}

// obstacles is why the snapshot cannot be restored, nil if nothing is.
func (s *Snapshots) obstacles(ctx context.Context, snapshot *Snapshot) error {
	err := s.Room.each(func(machine Machine) error {
		is, err := s.Room.observe(ctx, machine)
		if err != nil {
			return err
		}
		at := s.Room.paths(machine)
		if err := is.foreign(machine, at); err != nil {
			return err
		}
		if is.domain == nil {
			return SnapshotDisksChanged.Failf("its domain is gone")
		}
		captured := snapshot.of(machine)
		if captured == nil {
			return SnapshotDisksChanged.Failf("the snapshot holds nothing of it")
		}
		return captured.obstacle(ctx, at)
	})
	if err != nil {
		return err
	}
	return s.Along.Check(ctx, snapshot.Name)
}

// of is what the snapshot holds of the machine, nil if nothing.
func (s *Snapshot) of(machine Machine) *Captured {
	for i, captured := range s.Machines {
		if captured.Machine == machine.Name && s.Deployment == machine.Deployment {
			return &s.Machines[i]
		}
	}
	return nil
}

// obstacle looks at the disk and at the memory file.
func (c *Captured) obstacle(ctx context.Context, at paths) error {
	state, err := readDiskState(ctx, at.disk)
	if gone(err) != nil {
		return err
	}
	changed := c.differs(at.disk, state)
	if c.Memory != "" {
		if file, err := os.Stat(c.Memory); err != nil || file.Size() != c.Held {
			changed = append(changed, fmt.Sprintf("its memory in %s is gone or of another size", c.Memory))
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return SnapshotDisksChanged.Failf("%s", strings.Join(changed, ", "))
}

// differs lists how the disk, nil if there is none, is not the one of the snapshot. Its
// size may differ: restoring brings back the old one.
func (c *Captured) differs(path string, is *diskState) []string {
	if is == nil {
		return []string{"its disk is gone"}
	}
	var changed []string
	if path != c.Disk {
		changed = append(changed, fmt.Sprintf("its disk was %s, now it is %s", c.Disk, path))
	}
	if is.identity != c.Identity {
		changed = append(changed, "its disk was replaced")
	}
	switch internal := is.find(c.Internal.Name); {
	case internal == nil:
		changed = append(changed, "its disk no longer holds the snapshot")
	case *internal != c.Internal:
		changed = append(changed, "its disk holds another snapshot of this name")
	}
	if is.base.Path != c.Base.Path {
		changed = append(changed, fmt.Sprintf("its disk stood on %s, now on %s", c.Base.Path, is.base.Path))
	} else if is.base.Bytes != c.Base.Bytes || !is.base.Modified.Equal(c.Base.Modified) {
		changed = append(changed, fmt.Sprintf("the image beneath its disk was changed: %s", c.Base.Path))
	}
	return changed
}
