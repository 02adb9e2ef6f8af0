package vm

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"libvirt.org/go/libvirtxml"

	"wiabctl/provision/change"
)

func TestDemand(t *testing.T) {
	machines := usual().Machines("wire", subnet)
	running := func(m Machine, memory Size) *standing {
		return &standing{disk: m.Disk, held: 30 * GiB, live: &libvirtxml.Domain{Memory: &libvirtxml.DomainMemory{Value: uint(memory / 1024)}}}
	}
	for _, tc := range []struct {
		name string
		is   func(Machine) *standing
		want demand
	}{
		{"a bare host", func(Machine) *standing { return &standing{} }, demand{growth: 850 * GiB, fresh: 850 * GiB, memory: 55 * GiB}},
		{"all run", func(m Machine) *standing { return running(m, m.Memory) }, demand{growth: (850 - 7*30) * GiB}},
		{"all run with less memory", func(m Machine) *standing { return running(m, m.Memory-GiB) }, demand{growth: 640 * GiB, memory: 7 * GiB}},
		{"all run with more", func(m Machine) *standing { return running(m, m.Memory+GiB) }, demand{growth: 640 * GiB}},
		{"all are off, with full disks", func(m Machine) *standing { return &standing{disk: m.Disk, held: m.Disk + GiB} }, demand{memory: 55 * GiB}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got demand
			for _, m := range machines {
				got.add(m, tc.is(m))
			}
			if got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestCapacity(t *testing.T) {
	bare := demand{growth: 850 * GiB, fresh: 850 * GiB, memory: 55 * GiB}
	finished := demand{growth: 640 * GiB}
	lab := demand{growth: 28 * GiB, fresh: 28 * GiB, memory: 3 * GiB}
	for _, tc := range []struct {
		name         string
		wants        demand
		disk, memory Size
		says         []string // the failures' ids, and the warnings' with a "~"
	}{
		{"a host as it should be", bare, 900 * GiB, 60 * GiB, nil},
		{"it will be full some day", bare, 500 * GiB, 50 * GiB, []string{"~disk-space", "~memory-short"}},
		{"a small host", bare, 42 * GiB, 27 * GiB, []string{"disk-space", "memory-short"}},
		{"its own VMs use all memory, its disks nearly all space", finished, GiB, 0, []string{"~disk-space"}},
		{"the lab", lab, 2 * GiB, 2 * GiB, []string{"~disk-space", "~memory-short"}},
		{"a full lab", lab, GiB, GiB, []string{"disk-space", "memory-short"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			warnings, rest := change.Warnings(errors.Join(tc.wants.diskObstacle("/images", tc.disk), tc.wants.memoryObstacle(tc.memory)))
			var got []string
			for _, f := range change.Failures(rest) {
				got = append(got, f.ID)
			}
			for _, w := range warnings {
				got = append(got, "~"+w.ID)
			}
			if len(got) != len(tc.says) {
				t.Fatalf("got %q, want %q", got, tc.says)
			}
			for i := range got {
				if got[i] != tc.says[i] {
					t.Errorf("got %q, want %q", got, tc.says)
				}
			}
		})
	}
}

func TestWhatTheHostHas(t *testing.T) {
	got, err := availableMemory("MemTotal:       24602004 kB\nMemFree:          100000 kB\nMemAvailable:    2097152 kB\nSwapFree:        1048576 kB\n")
	if err != nil || got != 3*GiB {
		t.Errorf("free memory %s (%v), want 3GiB", got, err)
	}
	if got, err := availableMemory("MemTotal: 24602004 kB\n"); err == nil {
		t.Errorf("free memory %s of a text that does not say", got)
	}
	if got, err := freeMemory(); err != nil || got < MiB {
		t.Errorf("this host's free memory: %s (%v)", got, err)
	}
	directory := t.TempDir()
	here, err := freeSpace(directory)
	if err != nil || here == 0 {
		t.Errorf("free space of %s: %s (%v)", directory, here, err)
	}
	below, err := freeSpace(filepath.Join(directory, "not", "yet"))
	if err != nil || max(below-here, here-below) > GiB {
		t.Errorf("free space of a directory to come: %s (%v), of the one it will be in %s", below, err, here)
	}
	file := filepath.Join(directory, "disk")
	if got, err := held(file); got != 0 || err != nil {
		t.Errorf("no file holds %s (%v)", got, err)
	}
	if err := os.WriteFile(file, make([]byte, 2*MiB), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, int64(GiB)); err != nil {
		t.Fatal(err)
	}
	if got, err := held(file); err != nil || got < MiB || got > 4*MiB {
		t.Errorf("a thin file holds %s (%v), want about 2MiB", got, err)
	}
}
