package vm

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"wiabctl/provision/change"
)

// private is the mode of what holds a guest's data: libvirt hands it to QEMU's
// user as long as the guest runs.
const private fs.FileMode = 0o600

// readDisk reads from the qcow2 disk what it may grow to, 0 if there is no such
// file, and whether others than its owner may read it.
func readDisk(path string) (size Size, loose bool, err error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("disk: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return 0, false, fmt.Errorf("disk: %w", err)
	}
	loose = info.Mode().Perm()&^private != 0
	// The header: magic "QFI\xfb", version, backing file's place, cluster bits,
	// then the size (qemu's docs/interop/qcow2.txt).
	var header [32]byte
	if _, err := io.ReadFull(file, header[:]); err != nil || string(header[:4]) != "QFI\xfb" {
		return 1, loose, nil // something is there, but no qcow2 disk
	}
	return Size(binary.BigEndian.Uint64(header[24:])), loose, nil
}

// layer makes the disk as an overlay on the base image, under another name first:
// a disk that bears its name is whole, also after a power failure.
// It bears a label of ours where the file system keeps one; where not, a disk without
// its domain is taken for somebody else's.
func layer(ctx context.Context, base string, want wanted) error {
	disk, size := want.disk, strconv.FormatInt(int64(want.Disk), 10)
	if err := changeImage(ctx, "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", base, partial(disk), size); err != nil {
		return err
	}
	file, err := os.OpenFile(partial(disk), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	labelled := diskLabel(want.Machine).stick(file)
	if errors.Is(labelled, errors.ErrUnsupported) {
		labelled = nil
	}
	if err := errors.Join(labelled, file.Chmod(private), file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(partial(disk), disk); err != nil {
		return err
	}
	directory, err := os.Open(filepath.Dir(disk))
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}

// grow gives the disk more room.
func grow(ctx context.Context, disk string, size Size) error {
	return changeImage(ctx, "resize", "-q", "-f", "qcow2", disk, strconv.FormatInt(int64(size), 10))
}

func partial(disk string) string { return disk + ".partial" }

// changeImage runs qemu-img for what it changes.
func changeImage(ctx context.Context, args ...string) error {
	end := change.Trace(ctx, "command", "argv", append([]string{"qemu-img"}, args...))
	said, err := qemuImg(ctx, args...).CombinedOutput()
	end(err)
	if err != nil {
		return fmt.Errorf("qemu-img %s: %w: %s", args[0], err, strings.TrimSpace(string(said)))
	}
	return nil
}

// qemuImg prepares qemu-img, which a terminal's Ctrl-C does not reach: that is for wiabctl, which finishes what runs.
func qemuImg(ctx context.Context, args ...string) *exec.Cmd {
	program := exec.CommandContext(ctx, "qemu-img", args...)
	program.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return program
}
