package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	seedLabel   = "cidata"
	seedMount   = "/run/cloud-init/seed"
	volumeID    = 16*2048 + 40 // ECMA-119, 8.4: the primary descriptor is sector 16, its volume identifier at byte 41
	volumeIDLen = 32
)

// errNoSeed: no disk carries the label.
var errNoSeed = errors.New("no virtio disk is labelled cidata")

// seedDisk finds the virtio disk that carries the seed.
func seedDisk() (string, error) {
	disks, err := filepath.Glob("/dev/vd?")
	if err != nil {
		return "", err
	}
	for _, disk := range disks {
		label, err := isoLabel(disk)
		if err == nil && strings.EqualFold(label, seedLabel) {
			return disk, nil
		}
	}
	return "", fmt.Errorf("%w (looked at %s)", errNoSeed, strings.Join(disks, ", "))
}

// isoLabel reads the volume identifier of an ISO 9660 file system.
func isoLabel(disk string) (string, error) {
	f, err := os.Open(disk)
	if err != nil {
		return "", err
	}
	defer f.Close()
	label := make([]byte, volumeIDLen)
	if _, err := f.ReadAt(label, volumeID); err != nil {
		return "", err
	}
	return strings.TrimRight(string(label), " \x00"), nil
}

// mountSeed makes the seed's files readable until the returned function is called.
func mountSeed(disk string) (fs.FS, func(), error) {
	if err := os.MkdirAll(seedMount, 0o755); err != nil {
		return nil, nil, err
	}
	if err := unix.Mount(disk, seedMount, "iso9660", unix.MS_RDONLY, "iocharset=utf8"); err != nil {
		return nil, nil, fmt.Errorf("mount %s: %w", disk, err)
	}
	return os.DirFS(seedMount), func() { _ = unix.Unmount(seedMount, unix.MNT_DETACH) }, nil
}
