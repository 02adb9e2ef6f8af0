package assets

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// bootable is a Failure of kind ImageUnusable unless the raw image begins with a
// boot sector, which ends in 55 AA.
func bootable(image string) error {
	file, err := os.Open(image)
	if err != nil {
		return err
	}
	defer file.Close()
	var signature [2]byte
	if _, err := file.ReadAt(signature[:], 510); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the boot sector: %w", err)
	}
	if signature != [2]byte{0x55, 0xAA} {
		return ImageUnusable.Failf("%s is neither a qcow2 image nor a disk with a boot sector", image)
	}
	return nil
}

// unlayered is a Failure of kind ImageInUse if a disk beside the base image is
// layered on it: without the image it would be lost.
func unlayered(base string) error {
	directory := filepath.Dir(base)
	entries, err := os.ReadDir(directory)
	if err != nil {
		return gone(err)
	}
	for _, entry := range entries {
		disk := filepath.Join(directory, entry.Name())
		info, err := os.Stat(disk)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		below, err := backing(disk)
		if err != nil {
			return fmt.Errorf("what %s is layered on: %w", disk, err)
		}
		// A relative path, or one within a JSON text, is possible too; the name is unique.
		if strings.Contains(below, filepath.Base(base)) {
			return ImageInUse.Failf("the base image %s stays: the disk %s is layered on it", base, disk)
		}
	}
	return nil
}

// backing is the file that a qcow2 disk is layered on, as the disk names it; empty
// if there is none, or if it is no qcow2 disk (qemu's docs/interop/qcow2.txt).
func backing(disk string) (string, error) {
	file, err := os.Open(disk)
	if err != nil {
		return "", gone(err)
	}
	defer file.Close()
	var header struct {
		Magic   [4]byte
		Version uint32
		At      uint64 // where the name is; 0: there is none
		Length  uint32 // of the name, at most 1023
	}
	err = binary.Read(file, binary.BigEndian, &header)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || header.Magic != [4]byte{'Q', 'F', 'I', 0xfb} {
		return "", nil
	}
	if err != nil || header.At == 0 {
		return "", err
	}
	name, err := io.ReadAll(io.NewSectionReader(file, int64(header.At), int64(min(header.Length, 1023)))) // beyond the file it reads nothing
	return string(name), err
}
