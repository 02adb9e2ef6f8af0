package vm

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"

	"wiabctl/provision/change"
)

// moving is the longest that one machine's memory may take to the disk or back.
const moving = 30 * time.Minute

// alone is a connection of a machine's own: the daemon works on five calls of a
// connection at a time (max_client_requests), and these take long.
func alone() *Connection {
	connection := NewConnection()
	connection.Timeout = moving
	return connection
}

// saveMemory writes the memory of a paused domain into a file, in the format of
// `virsh save`; its QEMU stays. When ctx ends, libvirt is told to stop.
func saveMemory(ctx context.Context, machine Machine, file string) error {
	definition := libvirtxml.DomainSnapshot{
		Name:   "memory",
		Memory: &libvirtxml.DomainSnapshotMemory{Snapshot: "external", File: file},
		Disks: &libvirtxml.DomainSnapshotDisks{Disks: []libvirtxml.DomainSnapshotDisk{
			{Name: "vda", Snapshot: "no"}, {Name: "vdb", Snapshot: "no"},
		}},
	}
	text, err := definition.Marshal()
	if err != nil {
		return err
	}
	connection := alone()
	defer connection.Close()
	return connection.Use(ctx, func(virt *libvirt.Libvirt) error {
		domain, err := virt.DomainLookupByName(machine.Name)
		if err != nil {
			return err
		}
		stop := context.AfterFunc(ctx, func() { _ = virt.DomainAbortJob(domain) })
		defer stop()
		if _, err = virt.DomainSnapshotCreateXML(domain, text, uint32(libvirt.DomainSnapshotCreateNoMetadata)); err != nil {
			return fmt.Errorf("saving its memory: %w", err)
		}
		return nil
	})
}

// loadMemory starts a domain from such a file, paused; the file stays.
func loadMemory(ctx context.Context, file string) error {
	connection := alone()
	defer connection.Close()
	return connection.Use(ctx, func(virt *libvirt.Libvirt) error {
		return virt.DomainRestoreFlags(file, nil, uint32(libvirt.DomainSavePaused))
	})
}

// devices is what the state of a machine's devices may need in its memory file.
const devices = 64 * MiB

// roomForMemory refuses when the file system of the images cannot hold all memory.
func (s *Snapshots) roomForMemory() error {
	var need Size
	for _, machine := range s.Room.Machines {
		need += machine.Memory + devices
	}
	free, err := freeSpace(s.Room.Images)
	if err != nil {
		return err
	}
	if free < need {
		return SnapshotRefused.Failf("the machines' memory may need %s in %s, free are %s", need, s.Room.Images, free.rounded())
	}
	return nil
}

// memoryBytes is the size of all memory files of a snapshot.
func (s *Snapshots) memoryBytes(name string) (int64, error) {
	files, err := filepath.Glob(filepath.Join(s.memoryDir(name), "*"))
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, file := range files {
		info, err := os.Stat(file)
		if gone(err) != nil { // it may just be deleted
			return 0, err
		}
		if err == nil {
			sum += info.Size()
		}
	}
	return sum, nil
}

// clockSlack is how late a guest's clock may be without being set: what its own time
// synchronisation mends unnoticed.
const clockSlack = time.Second

// setClocks sets the clocks of the machines that run to the host's: a guest does not
// see the time pass while it is paused.
func (s *Snapshots) setClocks(ctx context.Context, found crew) error {
	return s.Room.each(func(machine Machine) error {
		if !found.live[machine.Name] {
			return nil
		}
		return change.Condition{
			Description: "its clock to be set",
			Deadline:    time.Minute,
			Interval:    200 * time.Millisecond,
			Check: func(ctx context.Context) error {
				return s.Shell(ctx, machine, func() []string {
					now := time.Now()
					return []string{"sudo", "date", "-u", "-s", fmt.Sprintf("@%d.%03d", now.Unix(), now.Nanosecond()/1e6)}
				})
			},
		}.Await(ctx, nil)
	})
}
