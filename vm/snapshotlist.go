package vm

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Listed is a snapshot and whether it can be restored.
type Listed struct {
	Snapshot
	Complete    bool   // else only Name is known
	MemoryBytes int64  // what its memory files take
	DiskBytes   int64  // what the disks hold for it alone, of running machines as far as QEMU has written it
	Problem     string // why it cannot be restored, empty if it can
}

// List tells of all snapshots, also incomplete ones, the oldest first, those without a
// date last. It works on a bare host too.
func (s *Snapshots) List(ctx context.Context) ([]Listed, error) {
	names, err := s.names(ctx)
	if err != nil {
		return nil, err
	}
	var all []Listed
	for _, name := range slices.Sorted(maps.Keys(names)) {
		one, err := s.list(ctx, name)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	slices.SortStableFunc(all, func(a, b Listed) int {
		if a.Complete != b.Complete {
			return map[bool]int{true: -1, false: 1}[a.Complete]
		}
		return a.Created.Compare(b.Created)
	})
	return all, nil
}

func (s *Snapshots) list(ctx context.Context, name string) (Listed, error) {
	held, err := s.memoryBytes(name)
	if err != nil {
		return Listed{}, err
	}
	one := Listed{Snapshot: Snapshot{Name: name}, MemoryBytes: held, DiskBytes: s.diskBytes(name)}
	snapshot, err := s.CheckRestore(ctx, name)
	if snapshot != nil {
		one.Snapshot, one.Complete = *snapshot, true
	}
	if err != nil {
		one.Problem = oneLine(err)
	}
	return one, nil
}

// diskBytes adds up what all disks hold for a snapshot alone. A disk that does not tell is
// left out: that is of no matter but for the sum.
func (s *Snapshots) diskBytes(name string) int64 {
	var sum atomic.Int64
	_ = s.Room.each(func(machine Machine) error {
		held, err := heldBySnapshot(s.Room.paths(machine).disk, tag(name))
		sum.Add(held)
		return err
	})
	return sum.Load()
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// names are those of all snapshots: with a directory, or inside a disk of ours.
func (s *Snapshots) names(ctx context.Context) (map[string]bool, error) {
	begun, err := s.begun()
	if err != nil {
		return nil, fmt.Errorf("listing the snapshots: %w", err)
	}
	all := map[string]bool{}
	for _, name := range begun {
		all[name] = true
	}
	var guard sync.Mutex
	err = s.Room.each(func(machine Machine) error {
		state, err := s.ours(ctx, machine)
		if err != nil || state == nil {
			return err
		}
		guard.Lock()
		defer guard.Unlock()
		for _, internal := range state.internals {
			if name, ok := strings.CutPrefix(internal.Name, tagPrefix); ok && ValidSnapshotName(name) {
				all[name] = true
			}
		}
		return nil
	})
	return all, err
}

// ours reads the machine's disk; nil when there is none of ours.
func (s *Snapshots) ours(ctx context.Context, machine Machine) (*diskState, error) {
	is, err := s.Room.observe(ctx, machine)
	if err != nil {
		return nil, err
	}
	at := s.Room.paths(machine)
	ours := is.diskLabel.of(machine) // also when its domain is gone
	if is.domain != nil {
		ours = is.foreign(machine, at) == nil
	}
	if is.disk == 0 || !ours {
		return nil, nil //nolint:nilnil // no disk of ours is an answer
	}
	return readDiskState(ctx, at.disk)
}
