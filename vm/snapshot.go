package vm

import (
	"context"
	"path/filepath"
	"regexp"
	"time"
)

// Snapshots are the sets of what all machines were at one moment: their disks as
// snapshots inside the qcow2 files, their memory, if wanted, in files beside them.
// Nothing but a small description is kept elsewhere. The caller holds the run lock.
type Snapshots struct {
	Room  *Room
	Dir   string // holds a directory per snapshot with its description
	Along Companion
	// Shell runs a command on a machine, as its user, who has sudo. The command is
	// asked for when the connection stands.
	Shell func(ctx context.Context, machine Machine, command func() []string) error
}

// A Companion keeps what lies outside of the machines and belongs to a snapshot of
// them, under the snapshot's name.
type Companion interface {
	// Save keeps it as it is now; something kept earlier under the name is replaced.
	Save(ctx context.Context, name string) error
	// Check returns why it cannot be brought back now, nil if it can.
	Check(ctx context.Context, name string) error
	// Restore brings it back. It is safe to repeat after an interruption.
	Restore(ctx context.Context, name string) error
	// Delete forgets it; that nothing was kept is success.
	Delete(ctx context.Context, name string) error
}

// Snapshot describes a complete set.
type Snapshot struct {
	Name        string        `json:"name"` // a DNS label
	Deployment  string        `json:"deployment"`
	Created     time.Time     `json:"created"` // when the machines stood still
	Description string        `json:"description,omitempty"`
	Memory      bool          `json:"memory"`   // the machines ran, and go on where they were
	Pause       time.Duration `json:"pause_ns"` // how long the machines stood still
	Machines    []Captured    `json:"machines"`
}

// Captured is what a snapshot holds of one machine, and what has to be found again
// for it to be restored.
type Captured struct {
	Machine  string   `json:"machine"`
	Disk     string   `json:"disk"`                   // path of the qcow2 file
	Identity string   `json:"identity"`               // which file that was
	Internal Internal `json:"internal"`               // the snapshot inside the disk
	Base     Base     `json:"base"`                   // the image beneath the disk
	Memory   string   `json:"memory,omitempty"`       // path of the file with the memory
	Held     int64    `json:"memory_bytes,omitempty"` // the size of that file
}

// Internal is a snapshot inside a qcow2 disk, as QEMU lists it (SnapshotInfo in
// qemu's qapi/block-core.json).
type Internal struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Seconds     int64  `json:"date-sec"`
	Nanoseconds int64  `json:"date-nsec"`
}

// Base is the image beneath a disk, which never changes while disks stand on it.
type Base struct {
	Path     string    `json:"path"`
	Bytes    int64     `json:"bytes"`
	Modified time.Time `json:"modified"`
}

// snapshotName is a DNS label.
var snapshotName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// ValidSnapshotName tells whether a snapshot may have the name: a DNS label.
func ValidSnapshotName(name string) bool { return snapshotName.MatchString(name) }

// tagPrefix begins the names of our snapshots inside the disks, and of no other's.
const tagPrefix = "wiabctl-"

func tag(name string) string { return tagPrefix + name }

// memoryRoot is the directory of all snapshots' memory, beside the disks.
func (s *Snapshots) memoryRoot() string { return filepath.Join(s.Room.Images, "wiabctl-snapshots") }

func (s *Snapshots) memoryDir(name string) string { return filepath.Join(s.memoryRoot(), name) }

func (s *Snapshots) memoryFile(name string, machine Machine) string {
	return filepath.Join(s.memoryDir(name), machine.Name+".memory")
}
