package vm

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/digitalocean/go-libvirt"
	"github.com/google/go-cmp/cmp"
)

// undefine takes the domain away behind our back, with its process.
func (g *guests) undefine(t *testing.T, name string) {
	t.Helper()
	g.do(t, func(virt *libvirt.Libvirt) error {
		if err := cut(virt, name); err != nil {
			return err
		}
		domain, err := virt.DomainLookupByName(name)
		if err != nil {
			return err
		}
		return virt.DomainUndefine(domain)
	})
}

func mustLabel(t *testing.T, path string) label {
	t.Helper()
	bears, err := readLabel(path)
	if err != nil || bears == nil {
		t.Fatalf("label of %s: %v, %v", path, bears, err)
	}
	return *bears
}

// A disk of ours whose domain is gone is refused, and used as it is when the user
// says so; its seed is nothing to ask for.
func TestRoomAsksForAnOrphanedDisk(t *testing.T) {
	g := furnished(t)
	g.Machines = g.Machines[:1]
	m := g.Machines[0]
	if err := apply(g.changes(t)); err != nil {
		t.Fatal(err)
	}
	at := g.paths(m)
	before := mustLabel(t, at.disk)
	if !before.of(m) || len(before.Disk) != 36 {
		t.Errorf("the disk bears %+v, want the names of %s and an id", before, m.Name)
	}
	if seed := mustLabel(t, at.seed); !seed.of(m) || seed.Disk != "" {
		t.Errorf("the seed bears %+v", seed)
	}
	if disks, err := g.Disks(); err != nil || len(disks) != 1 || disks[0] != before.Disk {
		t.Errorf("the disks' ids are %q (%v), want %s", disks, err, before.Disk)
	}
	g.undefine(t, m.Name)
	run(t, "qemu-io", "-c", "write -P 7 0 64k", at.disk) // what nobody may overwrite

	_, planned := g.Plan(t.Context())
	for what, err := range map[string]error{"plan": planned, "check": g.Check(t.Context())} {
		if !errors.Is(err, DiskOrphaned.Failf("")) || !strings.Contains(err.Error(), at.disk) {
			t.Errorf("%s: %v, want a Failure of kind %s", what, err, DiskOrphaned.ID)
		}
	}
	g.Reuse = func() bool { return true }
	changes := g.changes(t)
	if diff := cmp.Diff([]string{"create domain assethost: it is not defined; its disk is used as it is"}, lines(changes)); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	if err := apply(changes); err != nil {
		t.Fatal(err)
	}
	g.Reuse = nil
	if left := g.plan(t); len(left) != 0 {
		t.Errorf("left: %q", left)
	}
	if after := mustLabel(t, at.disk); after != before {
		t.Errorf("the disk bears %+v, before %+v", after, before)
	}
	if said := run(t, "qemu-io", "-U", "-r", "-c", "read -P 7 0 64k", at.disk); strings.Contains(said, "Pattern verification failed") {
		t.Errorf("the disk was overwritten: %s", said)
	}
}

// What bears another machine's label is not ours, whether or not a domain of ours
// stands on it.
func TestRoomRefusesAnothersDisk(t *testing.T) {
	g := furnished(t)
	g.Machines = g.Machines[:1]
	m := g.Machines[0]
	if err := apply(g.changes(t)); err != nil {
		t.Fatal(err)
	}
	other := m
	other.Name = "kubenode1"
	for _, tc := range []struct {
		name  string
		label label
		disk  func(t *testing.T)
	}{
		{"under our domain", diskLabel(other), func(*testing.T) {}},
		{"without a domain, though reuse is asked for", label{Deployment: "another", Machine: m.Name}, func(t *testing.T) {
			g.undefine(t, m.Name)
			g.Reuse = func() bool { return true }
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := tc.label.stickTo(g.paths(m).disk); err != nil {
				t.Fatal(err)
			}
			tc.disk(t)
			if err := g.Check(t.Context()); !errors.Is(err, Foreign.Failf("")) || !strings.Contains(err.Error(), tc.label.Machine) {
				t.Errorf("got %v, want a Failure of kind %s", err, Foreign.ID)
			}
			if err := os.WriteFile(partial(g.paths(m).disk), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			gone, err := g.Remove(t.Context())
			if err != nil || apply(gone) != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(g.paths(m).disk); err != nil {
				t.Errorf("it was removed: %v", err)
			}
		})
	}
}

// What bears no label, from a time or a place without, gets one.
func TestRoomLabelsItsFiles(t *testing.T) {
	g := furnished(t)
	g.Machines = g.Machines[:1]
	m := g.Machines[0]
	if err := apply(g.changes(t)); err != nil {
		t.Fatal(err)
	}
	at := g.paths(m)
	for _, file := range []string{at.disk, at.seed} {
		run(t, "cp", file, file+".copy") // attributes stay behind
		run(t, "mv", file+".copy", file)
		run(t, "chmod", "600", file)
	}
	changes := g.changes(t)
	if diff := cmp.Diff([]string{"update domain assethost: its files do not bear our mark"}, lines(changes)); diff != "" {
		t.Fatalf("plan (-want +got):\n%s", diff)
	}
	if err := apply(changes); err != nil {
		t.Fatal(err)
	}
	if disk, seed := mustLabel(t, at.disk), mustLabel(t, at.seed); !disk.of(m) || !seed.of(m) || disk.Disk == "" {
		t.Errorf("labels %+v and %+v", disk, seed)
	}
}

func TestRemoveWhatIsLeft(t *testing.T) {
	for _, tc := range []struct {
		name      string
		undefined bool
		remove    func(*Room, context.Context) error
		want      string
		stays     []string
	}{
		{"all, without the domain", true, removeAll, "delete domain assethost: it is gone, and left IMAGES/assethost-seed.iso, IMAGES/assethost.qcow2", []string{}},
		{"all but the disk", false, removeButDisks, "delete domain assethost: without its disk IMAGES/assethost.qcow2", []string{"assethost.qcow2"}},
		{"all but the disk, without the domain", true, removeButDisks, "delete domain assethost: it is gone, and left IMAGES/assethost-seed.iso", []string{"assethost.qcow2"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := furnished(t)
			g.Machines = g.Machines[:1]
			if err := apply(g.changes(t)); err != nil {
				t.Fatal(err)
			}
			// There is no guest in it that would hear a request to shut down.
			g.do(t, func(virt *libvirt.Libvirt) error { return cut(virt, "assethost") })
			if tc.undefined {
				g.undefine(t, "assethost")
			} else if err := os.WriteFile(partial(g.paths(g.Machines[0]).disk), []byte("half"), 0o600); err != nil {
				t.Fatal(err)
			}
			plan := g.Remove
			if len(tc.stays) > 0 {
				plan = g.RemoveButDisks
			}
			changes, err := plan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{strings.ReplaceAll(tc.want, "IMAGES", g.Images)}, lines(changes)); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
			if err := errors.Join(tc.remove(g.Room, t.Context()), tc.remove(g.Room, t.Context())); err != nil {
				t.Errorf("removing, twice: %v", err)
			}
			if diff := cmp.Diff(tc.stays, names(t, g.Images)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
		})
	}
}

func removeAll(r *Room, ctx context.Context) error {
	changes, err := r.Remove(ctx)
	return errors.Join(err, apply(changes))
}

func removeButDisks(r *Room, ctx context.Context) error {
	changes, err := r.RemoveButDisks(ctx)
	return errors.Join(err, apply(changes))
}

func names(t *testing.T, directory string) []string {
	t.Helper()
	all := []string{}
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		all = append(all, entry.Name())
	}
	return all
}

func TestReadLabel(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk")
	if _, err := readLabel(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := readLabel("/proc/version"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a file system without attributes: %v", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if bears, err := readLabel(path); bears != nil || err != nil {
		t.Errorf("a file without a label: %v, %v", bears, err)
	}
	m := small().Machines("test", subnet)[0]
	want := diskLabel(m)
	if err := want.stickTo(path); errors.Is(err, errors.ErrUnsupported) {
		t.Skip("the tests' file system keeps no attributes")
	} else if err != nil {
		t.Fatal(err)
	}
	if bears, err := readLabel(path); err != nil || bears == nil || *bears != want || !bears.of(m) {
		t.Errorf("read %v (%v), want %v", bears, err, want)
	}
	if other := diskLabel(m); other.Disk == want.Disk {
		t.Error("two disks have the same id")
	}
}
