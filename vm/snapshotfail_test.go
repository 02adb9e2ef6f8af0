package vm

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/digitalocean/go-libvirt"
	"github.com/google/go-cmp/cmp"

	"wiabctl/provision/change"
)

// What fails half-way leaves no half snapshot, and machines that run.
func TestSnapshotFailsWhole(t *testing.T) {
	a := newAlbum(t)
	other := a.Machines[1].Name
	for _, tc := range []struct {
		name     string
		sabotage func(t *testing.T)
		memory   bool
		kind     change.Kind
		says     string
	}{
		{"the companion cannot save", func(*testing.T) { a.along.fail["save"] = errors.New("disk full") }, false, change.Kind{}, "disk full"},
		{"a disk already has such a snapshot", func(t *testing.T) {
			a.shell = func(machine, command string) {
				if machine == other && command == "sync" {
					if err := a.keepDisk(t.Context(), a.Machines[1], true, tag("x")); err != nil {
						t.Error(err)
					}
				}
			}
		}, false, change.Kind{}, other + ": blockdev-snapshot-internal-sync"},
		{"memory cannot be written", func(t *testing.T) {
			a.shell = func(string, string) { _ = os.MkdirAll(a.memoryFile("x", a.Machines[1]), 0o700) }
		}, true, change.Kind{}, other + ": saving its memory"},
		{"no room for the memory", func(t *testing.T) {
			memory := a.Machines[0].Memory
			a.Machines[0].Memory = 1 << 50
			t.Cleanup(func() { a.Machines[0].Memory = memory })
		}, true, SnapshotRefused, "the machines' memory may need"},
		{"a machine is paused", func(t *testing.T) {
			a.on(t, 0, (*libvirt.Libvirt).DomainSuspend)
			t.Cleanup(func() { a.on(t, 0, (*libvirt.Libvirt).DomainResume) })
		}, false, SnapshotRefused, "assethost: it neither runs nor is shut off: it is paused"},
		{"half restored", func(t *testing.T) {
			if err := errors.Join(os.MkdirAll(a.Dir, 0o700), a.setHalf("another")); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll(a.Dir) })
		}, false, SnapshotHalfRestored, "restoring snapshot another was interrupted"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a.shell, a.along.fail = nil, map[string]error{}
			before := a.processes(t)
			tc.sabotage(t)
			_, err := a.Create(t.Context(), SnapshotRequest{Name: "x", Memory: tc.memory}, nil)
			if err == nil || !strings.Contains(err.Error(), tc.says) || tc.kind.ID != "" && !errors.Is(err, tc.kind.Failf("")) {
				t.Errorf("got %v, want a failure %s that says %q", err, tc.kind.ID, tc.says)
			}
			if tc.kind.ID != "" {
				return // refused before anything was done
			}
			if traces := a.traces(t); len(traces) > 0 {
				t.Errorf("left: %q", traces)
			}
			if after := a.processes(t); !slices.Equal(before, after) {
				t.Errorf("the machines do not run on: %v, then %v", before, after)
			}
		})
	}
}

// on calls libvirt about one machine's domain.
func (a *album) on(t *testing.T, n int, do func(*libvirt.Libvirt, libvirt.Domain) error) {
	t.Helper()
	if err := a.call(context.Background(), a.Machines[n], do); err != nil {
		t.Fatal(err)
	}
}

// A create that was killed leaves paused machines and parts of a snapshot: the next up
// resumes the machines, and the rest can only be deleted.
func TestSnapshotKilled(t *testing.T) {
	a := newAlbum(t)
	if err := a.begin("x", true); err != nil {
		t.Fatal(err)
	}
	if err := a.keepDisk(t.Context(), a.Machines[0], true, tag("x")); err != nil {
		t.Fatal(err)
	}
	a.on(t, 0, (*libvirt.Libvirt).DomainSuspend)
	if err := saveMemory(t.Context(), a.Machines[0], a.memoryFile("x", a.Machines[0])); err != nil {
		t.Fatal(err)
	}
	listed, err := a.List(t.Context())
	if err != nil || len(listed) != 1 || listed[0].Complete || listed[0].Problem != "snapshot x is incomplete" || listed[0].MemoryBytes == 0 {
		t.Errorf("list: %+v, %v", listed, err)
	}
	if _, err := a.CheckRestore(t.Context(), "x"); !errors.Is(err, SnapshotIncomplete.Failf("")) {
		t.Errorf("restoring: %v", err)
	}
	if err := a.CheckCreate(t.Context(), SnapshotRequest{Name: "x"}); !errors.Is(err, SnapshotIncomplete.Failf("")) {
		t.Errorf("creating it again: %v", err)
	}
	if err := a.Delete(t.Context(), "x", nil); !errors.Is(err, SnapshotRefused.Failf("")) {
		t.Errorf("deleting while QEMU has let go of the disk: %v", err)
	}
	changes := a.changes(t)
	if diff := cmp.Diff([]string{"start domain assethost: it is paused: somebody paused it (virsh suspend)"}, lines(changes)); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	if err := apply(changes); err != nil {
		t.Fatal(err)
	}
	if err := a.Delete(t.Context(), "x", nil); err != nil {
		t.Fatal(err)
	}
	if traces := a.traces(t); len(traces) > 0 {
		t.Errorf("deleting left %q", traces)
	}
	if err := a.Delete(t.Context(), "x", nil); !errors.Is(err, SnapshotUnknown.Failf("")) {
		t.Errorf("deleting it again: %v", err)
	}
}

// A restore that stops half-way lets nobody start the machines until it was repeated.
func TestSnapshotHalfRestored(t *testing.T) {
	a := newAlbum(t)
	a.off(t)
	a.write(t, 7)
	a.create(t, SnapshotRequest{Name: "good"})
	a.along.fail["restore"] = errors.New("no answer")
	if err := a.tryRestore(t, "good"); err == nil {
		t.Fatal("the companion failed, and restoring did not")
	}
	if err := a.Check(t.Context()); !errors.Is(err, SnapshotHalfRestored.Failf("")) || !strings.Contains(err.Error(), "snapshot good") {
		t.Errorf("check: %v", err)
	}
	if err := a.Delete(t.Context(), "good", nil); !errors.Is(err, SnapshotHalfRestored.Failf("")) {
		t.Errorf("deleting what is needed: %v", err)
	}
	delete(a.along.fail, "restore")
	a.write(t, 9) // a machine that somebody started in between
	a.restore(t, "good")
	a.holds(t, 7)
	if err := a.Check(t.Context()); err != nil {
		t.Errorf("check after the whole restore: %v", err)
	}
}

// Memory that cannot be loaded stops nobody from booting: no machine is left half loaded.
func TestSnapshotMemoryUnusable(t *testing.T) {
	a := newAlbum(t)
	snapshot := a.create(t, SnapshotRequest{Name: "good", Memory: true})
	torn := make([]byte, snapshot.of(a.Machines[1]).Held) // of the right size, and nonsense
	if err := os.WriteFile(a.memoryFile("good", a.Machines[1]), torn, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := a.tryRestore(t, "good"); !errors.Is(err, SnapshotRefused.Failf("")) || !strings.Contains(err.Error(), "kubenode1: ") {
		t.Errorf("restoring: %v", err)
	}
	if found, err := a.muster(t.Context()); err != nil || found.live["assethost"] || found.live["kubenode1"] {
		t.Errorf("not all are shut off: %v, %v", found.live, err)
	}
	if err := errors.Join(a.Check(t.Context()), apply(a.changes(t))); err != nil {
		t.Errorf("up after it: %v", err)
	}
}

// Deleting gives back what only the snapshot held, also while the machine runs.
func TestSnapshotDeleteFrees(t *testing.T) {
	for name, live := range map[string]bool{"shut off": false, "running": true} {
		t.Run(name, func(t *testing.T) {
			a := newAlbum(t)
			a.off(t)
			a.write(t, 7)
			a.create(t, SnapshotRequest{Name: "good"})
			a.write(t, 9)
			if live {
				if err := apply(a.changes(t)); err != nil {
					t.Fatal(err)
				}
			}
			full := a.allocated(t)
			listed, err := a.List(t.Context())
			if err != nil || len(listed) != 1 || listed[0].DiskBytes < int64(len(a.Machines))<<20 {
				t.Errorf("listed: %+v, %v; want what was overwritten", listed, err)
			}
			if err := a.Delete(t.Context(), "good", nil); err != nil {
				t.Fatal(err)
			}
			if freed := full - a.allocated(t); freed < 1<<20 {
				t.Errorf("deleting freed %d bytes of the 1 MiB that was overwritten", freed)
			}
		})
	}
}

// allocated is what the first machine's disk takes on the file system.
func (a *album) allocated(t *testing.T) int64 {
	t.Helper()
	info, err := os.Stat(a.paths(a.Machines[0]).disk)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Blocks * 512
}

func TestSnapshotNames(t *testing.T) {
	for name, want := range map[string]bool{
		"good": true, "before-5-33": true, "1": true, "": false, "-x": false, "x-": false, "X": false, "a/b": false, "..": false, "a b": false,
		strings.Repeat("x", 63): true, strings.Repeat("x", 64): false,
	} {
		if ValidSnapshotName(name) != want {
			t.Errorf("%q: got %v", name, !want)
		}
	}
}

// A create that is interrupted takes back what it began.
func TestSnapshotInterrupted(t *testing.T) {
	a := newAlbum(t)
	before := a.processes(t)
	ctx, cancel := context.WithCancel(t.Context())
	a.shell = func(string, string) { cancel() } // while the guests write out what they hold back
	if _, err := a.Create(ctx, SnapshotRequest{Name: "x", Memory: true}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if traces := a.traces(t); len(traces) > 0 {
		t.Errorf("left: %q", traces)
	}
	if after := a.processes(t); !slices.Equal(before, after) {
		t.Errorf("the machines do not run on: %v, then %v", before, after)
	}
	if told := a.along.told; !slices.Equal(told, []string{"save x", "delete x"}) {
		t.Errorf("the companion was told %q", told)
	}
}

// down takes what lies beside the disks away with them.
func TestSnapshotsRemoved(t *testing.T) {
	a := newAlbum(t)
	if left := a.Remove(); len(left) != 0 {
		t.Errorf("without snapshots: %q", lines(left))
	}
	a.create(t, SnapshotRequest{Name: "good", Memory: true})
	if err := apply(a.Remove()); err != nil {
		t.Fatal(err)
	}
	if left := a.traces(t); !slices.Equal(left, []string{"assethost wiabctl-good", "kubenode1 wiabctl-good"}) {
		t.Errorf("left beside the disks: %q", left)
	}
}
