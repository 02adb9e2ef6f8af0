package vm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/digitalocean/go-libvirt"
	"github.com/google/go-cmp/cmp"
)

// companion notes what it is told, and fails as told.
type companion struct {
	mu   sync.Mutex
	told []string
	fail map[string]error
}

func (c *companion) note(what, name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = append(c.told, what+" "+name)
	return c.fail[what]
}

func (c *companion) Save(_ context.Context, name string) error    { return c.note("save", name) }
func (c *companion) Check(_ context.Context, name string) error   { return c.note("check", name) }
func (c *companion) Restore(_ context.Context, name string) error { return c.note("restore", name) }
func (c *companion) Delete(_ context.Context, name string) error  { return c.note("delete", name) }

// album is a room of a few machines that run, and its snapshots.
type album struct {
	*guests
	*Snapshots
	along *companion
	shell func(machine, command string) // what else happens when a command runs on a machine
}

func newAlbum(t *testing.T) *album {
	t.Helper()
	a := &album{guests: furnished(t), along: &companion{fail: map[string]error{}}}
	a.Machines = a.Machines[:2]
	a.Snapshots = &Snapshots{Room: a.guests.Room, Dir: filepath.Join(filepath.Dir(a.base), "snapshots"), Along: a.along,
		Shell: func(_ context.Context, machine Machine, command func() []string) error {
			if a.shell != nil {
				a.shell(machine.Name, strings.Join(command(), " "))
			}
			return nil
		}}
	if err := apply(a.changes(t)); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *album) create(t *testing.T, ask SnapshotRequest) *Snapshot {
	t.Helper()
	snapshot, err := a.Create(t.Context(), ask, nil)
	if err != nil {
		t.Fatal(err)
	}
	return snapshot
}

// restore brings everything back, step by step.
func (a *album) restore(t *testing.T, name string) {
	t.Helper()
	if err := a.tryRestore(t, name); err != nil {
		t.Fatal(err)
	}
}

func (a *album) tryRestore(t *testing.T, name string) error {
	t.Helper()
	changes, err := a.Restore(t.Context(), name)
	if err != nil {
		return err
	}
	for _, c := range changes {
		if err := c.Apply(t.Context(), nil); err != nil {
			return err
		}
	}
	return nil
}

// off ends all machines.
func (a *album) off(t *testing.T) {
	t.Helper()
	if err := a.cutAll(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// write fills the first MiB of all disks with a byte; no machine may run.
func (a *album) write(t *testing.T, pattern int) {
	t.Helper()
	for _, m := range a.Machines {
		run(t, "qemu-io", "-c", fmt.Sprintf("write -P %d 0 1M", pattern), a.paths(m).disk)
	}
}

// holds demands this byte there.
func (a *album) holds(t *testing.T, pattern int) {
	t.Helper()
	for _, m := range a.Machines {
		if said := run(t, "qemu-io", "-U", "-r", "-c", fmt.Sprintf("read -P %d 0 1M", pattern), a.paths(m).disk); strings.Contains(said, "verification failed") {
			t.Errorf("the disk of %s does not hold %d", m.Name, pattern)
		}
	}
}

// processes are the domains' numbers, which are new with every start; 0 for what does not run.
func (a *album) processes(t *testing.T) (all []int32) {
	t.Helper()
	a.do(t, func(virt *libvirt.Libvirt) error {
		for _, m := range a.Machines {
			domain, err := virt.DomainLookupByName(m.Name)
			if err != nil {
				return err
			}
			state, _, err := virt.DomainGetState(domain, 0)
			if err != nil {
				return err
			}
			if libvirt.DomainState(state) != libvirt.DomainRunning {
				domain.ID = 0
			}
			all = append(all, domain.ID)
		}
		return nil
	})
	return all
}

// watchStill tells whether there is a moment from now on at which no machine that is
// asked for runs, and none is shut off.
func (a *album) watchStill() (was func() bool) {
	var seen atomic.Bool
	use := a.Libvirt
	a.Libvirt = func(ctx context.Context, do func(*libvirt.Libvirt) error) error {
		return use(ctx, func(virt *libvirt.Libvirt) error {
			paused, _, err := virt.ConnectListAllDomains(1, libvirt.ConnectListDomainsPaused)
			if err == nil && len(paused) == len(a.Machines) {
				seen.Store(true)
			}
			return do(virt)
		})
	}
	return func() bool { a.Libvirt = use; return seen.Load() }
}

// traces are what there is of snapshots, in disks and directories.
func (a *album) traces(t *testing.T) (all []string) {
	t.Helper()
	for _, m := range a.Machines {
		state, err := readDiskState(t.Context(), a.paths(m).disk)
		if err != nil {
			t.Fatal(err)
		}
		for _, internal := range state.internals {
			all = append(all, m.Name+" "+internal.Name)
		}
	}
	for _, root := range []string{a.Dir, a.memoryRoot()} {
		err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
			if err == nil {
				all = append(all, strings.TrimPrefix(path, filepath.Dir(a.base)))
			}
			return gone(err)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestSnapshotBringsBack(t *testing.T) {
	for _, tc := range []struct {
		name         string
		memory, live bool
	}{
		{"what ran", false, true},
		{"what ran, with its memory", true, true},
		{"what was shut off", false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := newAlbum(t)
			a.off(t)
			a.write(t, 7)
			if tc.live {
				if err := apply(a.changes(t)); err != nil {
					t.Fatal(err)
				}
			}
			before := a.processes(t)
			still := a.watchStill()
			snapshot := a.create(t, SnapshotRequest{Name: "good", Memory: tc.memory, Description: "all is well"})
			if still() != tc.live {
				t.Errorf("all stood still together: %v", !tc.live)
			}
			if after := a.processes(t); !slices.Equal(before, after) {
				t.Errorf("the machines did not run on: %v, then %v", before, after)
			}
			t.Logf("they stood still for %s", snapshot.Pause)
			a.off(t)
			a.write(t, 9)
			a.holds(t, 9)
			a.restore(t, "good")
			if processes := a.processes(t); slices.Contains(processes, 0) {
				t.Errorf("not all run: %v", processes)
			}
			a.holds(t, 7)
			if diff := cmp.Diff([]string{"save good", "check good", "check good", "restore good"}, a.along.told); diff != "" {
				t.Errorf("the companion was told (-want +got):\n%s", diff)
			}
			if left := a.plan(t); len(left) != 0 && tc.live {
				t.Errorf("left to do: %q", left)
			}
			a.restore(t, "good") // as often as one wants
			if err := a.Delete(t.Context(), "good", nil); err != nil {
				t.Fatal(err)
			}
			if traces := a.traces(t); len(traces) > 0 {
				t.Errorf("deleting left %q", traces)
			}
			if processes := a.processes(t); slices.Contains(processes, 0) {
				t.Errorf("not all run after deleting: %v", processes)
			}
		})
	}
}

// The description holds all that has to be found again.
func TestSnapshotDescription(t *testing.T) {
	a := newAlbum(t)
	a.Machines = a.Machines[:1]
	a.create(t, SnapshotRequest{Name: "good", Memory: true, Description: "all is well"})
	text, err := os.ReadFile(filepath.Join(a.Dir, "good", descriptionFile))
	if err != nil {
		t.Fatal(err)
	}
	for pattern, with := range map[string]string{
		regexp.QuoteMeta(filepath.Dir(a.base)): "/x", `"20[^"]*Z"`: `"TIME"`, `(_ns|_bytes|-sec|-nsec)": \d+`: `$1": 0`, `label [0-9a-f-]{36}`: "label ID",
	} {
		text = regexp.MustCompile(pattern).ReplaceAll(text, []byte(with))
	}
	golden(t, "snapshot.json", text)
	for _, file := range []string{filepath.Join(a.Dir, "good", descriptionFile), a.memoryFile("good", a.Machines[0])} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v; want the mode 0600", file, info, err)
		}
	}
}

func TestSnapshotRefusesChangedDisks(t *testing.T) {
	a := newAlbum(t)
	a.create(t, SnapshotRequest{Name: "good"})
	disk := a.paths(a.Machines[1]).disk
	for _, tc := range []struct {
		name   string
		change func(t *testing.T) (undo func())
		says   string // empty: it is no obstacle
	}{
		{"nothing", func(*testing.T) func() { return func() {} }, ""},
		{"a copy in its place", func(t *testing.T) func() {
			run(t, "cp", disk, disk+".copy")
			run(t, "mv", disk, disk+".true")
			run(t, "mv", disk+".copy", disk)
			return func() { run(t, "mv", disk+".true", disk) }
		}, "kubenode1: its disk was replaced"},
		{"no disk", func(t *testing.T) func() {
			run(t, "mv", disk, disk+".true")
			return func() { run(t, "mv", disk+".true", disk) }
		}, "kubenode1: its disk is gone"},
		{"another base", func(t *testing.T) func() {
			a.off(t)
			run(t, "cp", a.base, a.base+".other")
			run(t, "qemu-img", "rebase", "-u", "-F", "qcow2", "-b", a.base+".other", disk)
			return func() { run(t, "qemu-img", "rebase", "-u", "-F", "qcow2", "-b", a.base, disk) }
		}, "its disk stood on " + a.base + ", now on " + a.base + ".other"},
		{"a base that was touched", func(t *testing.T) func() {
			run(t, "cp", "-a", a.base, a.base+".true")
			run(t, "touch", a.base)
			return func() { run(t, "mv", a.base+".true", a.base) }
		}, "kubenode1: the image beneath its disk was changed"},
		{"receipts lost", func(*testing.T) func() {
			a.along.fail["check"] = SnapshotDisksChanged.Failf("no receipts")
			return func() { delete(a.along.fail, "check") }
		}, "no receipts"},
		{"grown", func(t *testing.T) func() {
			a.off(t)
			run(t, "qemu-img", "resize", disk, "2G")
			return func() {}
		}, ""},
		{"another snapshot of the name", func(t *testing.T) func() {
			a.off(t)
			run(t, "qemu-img", "snapshot", "-d", tag("good"), disk)
			run(t, "qemu-img", "snapshot", "-c", tag("good"), disk)
			return func() {}
		}, "kubenode1: its disk holds another snapshot of this name"},
		{"no snapshot inside", func(t *testing.T) func() {
			run(t, "qemu-img", "snapshot", "-d", tag("good"), disk)
			return func() {}
		}, "kubenode1: its disk no longer holds the snapshot"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			undo := tc.change(t)
			defer undo()
			before := a.processes(t)
			err := a.tryRestore(t, "good")
			listed, lerr := a.List(t.Context())
			if lerr != nil || len(listed) != 1 {
				t.Fatalf("list: %v, %v", listed, lerr)
			}
			if tc.says == "" {
				if err != nil || listed[0].Problem != "" {
					t.Fatalf("restoring: %v; list says %q", err, listed[0].Problem)
				}
				return
			}
			if !errors.Is(err, SnapshotDisksChanged.Failf("")) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("restoring: %v; want a Failure of kind %s that says %q", err, SnapshotDisksChanged.ID, tc.says)
			}
			if !strings.Contains(listed[0].Problem, tc.says) {
				t.Errorf("list says %q", listed[0].Problem)
			}
			if after := a.processes(t); !slices.Equal(before, after) {
				t.Errorf("it touched the machines: %v, then %v", before, after)
			}
		})
	}
	if size, _ := diskInfo(t, disk); size != GiB {
		t.Errorf("the grown disk came back as %s", size)
	}
}
