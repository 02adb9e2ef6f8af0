package vm

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"golang.org/x/sys/unix"
)

const (
	// firstShare of what new disks may grow to has to be free from the start, as one
	// part in so many: room for the systems, and for the time in which a warning is read.
	firstShare = 20
	// memoryShare is the part of their memory that VMs can do with for a while, as one
	// part in so many: a guest's page cache takes the rest in the course of days.
	memoryShare = 2
)

// demand is what the machines want of the host beside what they hold already.
type demand struct {
	growth Size // what all disks may still grow by
	fresh  Size // what the disks that do not exist yet may grow to
	memory Size // of machines that do not run, or run with less
}

// add counts a machine.
func (d *demand) add(machine Machine, is *standing) {
	d.growth += max(0, machine.Disk-is.held)
	if is.disk == 0 {
		d.fresh += machine.Disk
	}
	d.memory += machine.Memory
	if is.live != nil {
		d.memory -= min(machine.Memory, memory(is.live))
	}
}

// diskObstacle is a Failure when the directory's file system has no room to begin
// with, and a Warning when not all disks can grow to their full size in it.
func (d demand) diskObstacle(directory string, free Size) error {
	switch {
	case free < d.fresh/firstShare:
		return DiskSpace.Failf("%s has %s free; new disks that may grow to %s need at least %s of it to begin with",
			directory, free.rounded(), d.fresh.rounded(), (d.fresh / firstShare).rounded())
	case free < d.growth:
		return DiskSpace.Warnf("%s has %s free, and the disks of the VMs may still grow by %s: a VM that finds no room is paused",
			directory, free.rounded(), d.growth.rounded())
	default:
		return nil
	}
}

// memoryObstacle is a Failure when the host cannot give the machines even the part of
// their memory that they need at first, and a Warning when it cannot give all.
func (d demand) memoryObstacle(free Size) error {
	switch {
	case free < d.memory/memoryShare:
		return MemoryShort.Failf("the host has %s of memory to give, the VMs that are to be started take %s", free.rounded(), d.memory.rounded())
	case free < d.memory:
		return MemoryShort.Warnf("the host has %s of memory to give, the VMs that are to be started may take %s in time: then the kernel ends one", free.rounded(), d.memory.rounded())
	default:
		return nil
	}
}

// freeSpace is what the file system of the directory, which may be still to make,
// has left for others than root.
func freeSpace(directory string) (Size, error) {
	var found unix.Statfs_t
	err := unix.Statfs(directory, &found)
	if errors.Is(err, unix.ENOENT) && directory != filepath.Dir(directory) {
		return freeSpace(filepath.Dir(directory))
	}
	if err != nil {
		return 0, fmt.Errorf("free space of %s: %w", directory, err)
	}
	return Size(found.Bavail) * Size(found.Bsize), nil
}

// held is what the file takes on its file system; 0 if there is none.
func held(file string) (Size, error) {
	var info unix.Stat_t
	err := unix.Stat(file, &info)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("size of %s: %w", file, err)
	}
	return Size(info.Blocks) * 512, nil // stat(2) counts in these
}

const memoryInfo = "/proc/meminfo"

var memoryLine = regexp.MustCompile(`(?m)^(MemAvailable|SwapFree): +([0-9]{1,15}) kB$`)

// freeMemory is what the kernel can give to new processes, swap included.
func freeMemory() (Size, error) {
	text, err := os.ReadFile(memoryInfo)
	if err != nil {
		return 0, fmt.Errorf("free memory: %w", err)
	}
	return availableMemory(string(text))
}

// availableMemory reads it from the text of /proc/meminfo (proc_meminfo(5)).
func availableMemory(text string) (Size, error) {
	var total Size
	lines := memoryLine.FindAllStringSubmatch(text, -1)
	for _, line := range lines {
		number, err := strconv.ParseInt(line[2], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("free memory: %w", err)
		}
		total += Size(number) * 1024
	}
	if len(lines) == 0 {
		return 0, fmt.Errorf("free memory: %s has no line MemAvailable", memoryInfo)
	}
	return total, nil
}
