package vm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"wiabctl/provision/change"
)

// SnapshotRequest is what a new snapshot should be.
type SnapshotRequest struct {
	Name        string // a DNS label
	Description string // for people
	Memory      bool   // with the machines' memory: all of them have to run
}

// undoing is the longest that taking back a half-made snapshot may take.
const undoing = 10 * time.Minute

// Create takes the set. What has begun is taken back when it fails or ctx ends, and
// the machines run on in any case. Killed in between, it leaves machines that are paused,
// which Room.Plan sees, and a snapshot that List shows to be incomplete.
func (s *Snapshots) Create(ctx context.Context, ask SnapshotRequest, say change.Progress) (*Snapshot, error) {
	found, err := s.prepare(ctx, ask)
	if err != nil {
		return nil, err
	}
	if err := s.begin(ask.Name, ask.Memory); err != nil {
		return nil, fmt.Errorf("directory of snapshot %s: %w", ask.Name, err)
	}
	snapshot, err := s.take(ctx, found, ask, say)
	if err == nil {
		err = s.describe(snapshot)
	}
	if err != nil {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoing)
		defer cancel()
		return nil, errors.Join(err, s.drop(ending, ask.Name, nil))
	}
	return snapshot, nil
}

// CheckCreate refuses a snapshot that could not be taken, before anything is done.
func (s *Snapshots) CheckCreate(ctx context.Context, ask SnapshotRequest) error {
	_, err := s.prepare(ctx, ask)
	return err
}

// prepare is CheckCreate, and finds the machines.
func (s *Snapshots) prepare(ctx context.Context, ask SnapshotRequest) (crew, error) {
	if err := s.Check(ctx); err != nil {
		return crew{}, err
	}
	if err := s.vacant(ctx, ask.Name); err != nil {
		return crew{}, err
	}
	found, err := s.Room.muster(ctx)
	if err != nil || !ask.Memory {
		return found, err
	}
	return found, errors.Join(found.allLive(), s.roomForMemory())
}

// vacant refuses a name under which there is something already.
func (s *Snapshots) vacant(ctx context.Context, name string) error {
	if _, err := s.load(name); err == nil {
		return SnapshotExists.Failf("there is a snapshot %s already", name)
	}
	names, err := s.names(ctx)
	if err != nil {
		return err
	}
	if _, taken := names[name]; taken {
		return SnapshotIncomplete.Failf("there is an incomplete snapshot %s", name)
	}
	return nil
}

// take saves what belongs to the set and then the machines, which stand still meanwhile.
func (s *Snapshots) take(ctx context.Context, found crew, ask SnapshotRequest, say change.Progress) (*Snapshot, error) {
	if err := s.Along.Save(ctx, ask.Name); err != nil {
		return nil, err
	}
	s.flush(ctx, found, say)
	snapshot := &Snapshot{Name: ask.Name, Deployment: s.deployment(), Description: ask.Description, Memory: ask.Memory}
	err := s.still(ctx, found, snapshot, say)
	if err != nil {
		return nil, err
	}
	if snapshot.Pause > clockSlack {
		if err := s.setClocks(ctx, found); err != nil {
			say.Sayf("the guests' clocks may be late by %s: %v", snapshot.Pause.Round(time.Millisecond), err)
		}
	}
	snapshot.Machines, err = s.captured(ctx, ask)
	return snapshot, err
}

// still pauses the machines, keeps their disks and, if wanted, their memory, and resumes
// them. The disks come first: when its memory is saved, QEMU lets go of the
// disk until the machine runs on.
func (s *Snapshots) still(ctx context.Context, found crew, snapshot *Snapshot, say change.Progress) (err error) {
	begun := time.Now()
	defer func() {
		err = errors.Join(err, found.resume(ctx))
		snapshot.Pause = time.Since(begun)
		say.Sayf("the machines stood still for %s", snapshot.Pause.Round(time.Millisecond))
	}()
	if err := found.pause(ctx); err != nil {
		return fmt.Errorf("pausing the machines: %w", err)
	}
	snapshot.Created = time.Now().UTC()
	err = s.Room.each(func(machine Machine) error {
		return s.Room.keepDisk(ctx, machine, found.live[machine.Name], tag(snapshot.Name))
	})
	if err != nil || !snapshot.Memory {
		return err
	}
	return s.Room.each(func(machine Machine) error {
		return saveMemory(ctx, machine, s.memoryFile(snapshot.Name, machine))
	})
}

// flushing is how long the guests may take to write out what they hold back.
const flushing = 20 * time.Second

// flush lets the guests write to their disks what they hold in memory, as they would at
// any other moment: a snapshot is what a power failure leaves, so the less is held back the better.
func (s *Snapshots) flush(ctx context.Context, found crew, say change.Progress) {
	ctx, cancel := context.WithTimeout(ctx, flushing)
	defer cancel()
	err := s.Room.each(func(machine Machine) error {
		if !found.live[machine.Name] {
			return nil
		}
		return s.Shell(ctx, machine, func() []string { return []string{"sync"} })
	})
	if err != nil {
		say.Sayf("not every guest wrote out what it holds back, going on: %v", err)
	}
}

// captured reads what has to be found again when the snapshot is restored.
func (s *Snapshots) captured(ctx context.Context, ask SnapshotRequest) ([]Captured, error) {
	all := map[string]Captured{}
	var guard sync.Mutex
	err := s.Room.each(func(machine Machine) error {
		one, err := s.capture(ctx, machine, ask)
		guard.Lock()
		defer guard.Unlock()
		all[machine.Name] = one
		return err
	})
	var list []Captured
	for _, machine := range s.Room.Machines {
		list = append(list, all[machine.Name])
	}
	return list, err
}

func (s *Snapshots) capture(ctx context.Context, machine Machine, ask SnapshotRequest) (Captured, error) {
	disk := s.Room.paths(machine).disk
	state, err := readDiskState(ctx, disk)
	if err != nil {
		return Captured{}, err
	}
	internal := state.find(tag(ask.Name))
	if internal == nil {
		return Captured{}, fmt.Errorf("the snapshot just taken is not in %s", disk)
	}
	one := Captured{Machine: machine.Name, Disk: disk, Identity: state.identity, Internal: *internal, Base: state.base}
	if ask.Memory {
		one.Memory = s.memoryFile(ask.Name, machine)
		file, err := os.Stat(one.Memory)
		if err != nil {
			return Captured{}, err
		}
		one.Held = file.Size()
	}
	return one, nil
}

// deployment is the name that all machines share.
func (s *Snapshots) deployment() string {
	for _, machine := range s.Room.Machines {
		return machine.Deployment
	}
	return ""
}

// allLive refuses machines that do not run.
func (c crew) allLive() error {
	return c.room.each(func(machine Machine) error {
		if !c.live[machine.Name] {
			return SnapshotRefused.Failf("it is shut off: there is no memory to save")
		}
		return nil
	})
}
