package vm

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"
)

// label says on a file whose it is, in extended attributes: they stay with the
// file when it is renamed, and when QEMU writes to it or qemu-img grows it. So a
// disk is known as ours when its domain is gone.
type label struct {
	Deployment string
	Machine    string
	Disk       string // a disk's own random id; empty on a seed
}

// The attributes that hold a label (xattr(7): those of the user's namespace).
const (
	labelDeployment = "user.wiabctl.deployment"
	labelMachine    = "user.wiabctl.machine"
	labelDisk       = "user.wiabctl.disk"
)

// longestLabel bounds an attribute of ours, in bytes.
const longestLabel = 256

func diskLabel(m Machine) label {
	return label{Deployment: m.Deployment, Machine: m.Name, Disk: uuid.NewString()}
}

func seedLabel(m Machine) label { return label{Deployment: m.Deployment, Machine: m.Name} }

// of says whether the label is there and names the machine.
func (l *label) of(m Machine) bool {
	return l != nil && l.Deployment == m.Deployment && l.Machine == m.Name
}

// readLabel reads a file's label, nil if it bears none. The error is
// errors.ErrUnsupported where the file system keeps no attributes, and
// fs.ErrNotExist where there is no file.
func readLabel(path string) (*label, error) {
	var l label
	for name, value := range l.attributes() {
		buffer := make([]byte, longestLabel)
		n, err := unix.Getxattr(path, name, buffer)
		switch {
		case errors.Is(err, unix.ENODATA) && name == labelDisk: // a seed has none
		case errors.Is(err, unix.ENODATA):
			return nil, nil //nolint:nilnil // no label is an answer
		case err != nil:
			return nil, fmt.Errorf("attribute %s of %s: %w", name, path, err)
		default:
			*value = string(bytes.TrimRight(buffer[:n], "\x00"))
		}
	}
	return &l, nil
}

// Disks are the random ids of the machines' disks, in the machines' order: another id
// is another disk, whatever its name. It is empty where there is no disk, or none that
// bears our label.
func (r *Room) Disks() ([]string, error) {
	var all []string
	for _, machine := range r.Machines {
		bears, err := readLabel(r.paths(machine).disk)
		switch {
		case err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errors.ErrUnsupported):
			return nil, err
		case bears.of(machine):
			all = append(all, bears.Disk)
		default:
			all = append(all, "")
		}
	}
	return all, nil
}

// stick writes the label on an open file. The error is errors.ErrUnsupported
// where the file system keeps no attributes.
func (l label) stick(file *os.File) error {
	for name, value := range l.attributes() {
		if *value == "" {
			continue
		}
		if err := unix.Fsetxattr(int(file.Fd()), name, []byte(*value), 0); err != nil {
			return fmt.Errorf("attribute %s of %s: %w", name, file.Name(), err)
		}
	}
	return nil
}

// stickTo writes the label on the file of this name.
func (l label) stickTo(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(l.stick(file), file.Sync(), file.Close())
}

func (l *label) attributes() map[string]*string {
	return map[string]*string{labelDeployment: &l.Deployment, labelMachine: &l.Machine, labelDisk: &l.Disk}
}
