package vm

import (
	"context"
	"encoding/xml"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/digitalocean/go-libvirt"
	"github.com/google/go-cmp/cmp"
)

func TestRoomFromNothingAndBack(t *testing.T) {
	g := furnished(t)
	want := []string{}
	for _, m := range g.Machines {
		want = append(want, "create domain "+m.Name+": it is not defined")
	}
	changes := g.changes(t)
	if diff := cmp.Diff(want, lines(changes)); diff != "" {
		t.Fatalf("plan of an empty host (-want +got):\n%s", diff)
	}
	if err := apply(changes); err != nil {
		t.Fatal(err)
	}
	before := g.probes.Load()
	if again := g.plan(t); len(again) != 0 {
		t.Errorf("plan after applying: %q, want none", again)
	}
	if took := quickest(func() { g.plan(t) }); took > 150*time.Millisecond {
		t.Errorf("planning seven unchanged machines took %s, want less than 150ms", took)
	}
	if probed := g.probes.Load() - before; probed != 0 {
		t.Errorf("planning seven ready machines probed %d times, want never", probed)
	}
	t.Run("what is there", func(t *testing.T) { inspect(t, g) })

	gone, err := g.Remove(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if len(gone) != 7 {
		t.Errorf("removal of %d machines, want 7: %q", len(gone), lines(gone))
	}
	if err := errors.Join(apply(gone), apply(gone)); err != nil {
		t.Errorf("removing, twice: %v", err)
	}
	for _, directory := range []string{g.Images, g.Console} {
		if left, err := os.ReadDir(directory); err != nil || len(left) != 0 {
			t.Errorf("%s holds %v (%v), want nothing", directory, left, err)
		}
	}
}

// inspect looks at what the room made, with other eyes than its own.
func inspect(t *testing.T, g *guests) {
	for _, m := range g.Machines {
		g.do(t, func(virt *libvirt.Libvirt) error {
			domain, err := virt.DomainLookupByName(m.Name)
			if err != nil {
				return err
			}
			if state, _, err := virt.DomainGetState(domain, 0); err != nil || state != int32(libvirt.DomainRunning) {
				t.Errorf("%s is in state %d (%v), want running", m.Name, state, err)
			}
			if boots, err := virt.DomainGetAutostart(domain); err != nil || boots != 1 {
				t.Errorf("%s has autostart %d (%v), want 1", m.Name, boots, err)
			}
			return nil
		})
		at := g.paths(m)
		if size, backing := diskInfo(t, at.disk); size != GiB || backing != g.base {
			t.Errorf("disk of %s: %s over %s, want 1GiB over %s", m.Name, size, backing, g.base)
		}
		for _, file := range []string{at.seed, at.disk} {
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v (%v), want mode 0600", file, info, err)
			}
		}
	}
}

func TestRoomRefusesWhatIsForeign(t *testing.T) {
	define := func(metadata string) func(*testing.T, *guests) {
		return func(t *testing.T, g *guests) {
			g.do(t, func(virt *libvirt.Libvirt) error {
				_, err := virt.DomainDefineXML("<domain type='qemu'><name>kubenode2</name>" + metadata +
					"<memory>65536</memory><os><type arch='x86_64' machine='q35'>hvm</type></os></domain>")
				return err
			})
		}
	}
	put := func(file string) func(*testing.T, *guests) {
		return func(t *testing.T, g *guests) {
			if err := errors.Join(os.MkdirAll(g.Images, 0o700), os.WriteFile(filepath.Join(g.Images, file), []byte("precious"), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, tc := range []struct {
		name  string
		thing func(*testing.T, *guests)
		cause string
	}{
		{"domain", define(""), "that wiabctl did not make"},
		{"another deployment's domain", define("<metadata><w:machine xmlns:w='" + namespace + "' deployment='other'/></metadata>"), `another deployment, "other"`},
		{"disk", put("kubenode2.qcow2"), "kubenode2.qcow2 without a domain"},
		{"seed", put("kubenode2-seed.iso"), "kubenode2-seed.iso without a domain"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := furnished(t)
			changes := g.changes(t) // planned while nothing stood in the way
			tc.thing(t, g)
			_, planned := g.Plan(context.Background())
			for at, err := range map[string]error{
				"check": g.Check(context.Background()), "plan": planned, "apply": changes[2].Apply(context.Background(), nil),
			} {
				if !errors.Is(err, Foreign.Failf("")) || !strings.Contains(err.Error(), tc.cause) {
					t.Errorf("%s: %v, want a Failure of kind %s naming %q", at, err, Foreign.ID, tc.cause)
				}
			}
			gone, err := g.Remove(context.Background())
			if err != nil || len(gone) != 0 {
				t.Errorf("removal: %q (%v), want nothing", lines(gone), err)
			}
		})
	}
}

func TestRoomOnABareHost(t *testing.T) {
	room := &Room{
		Machines: small().Machines("wire", subnet), Images: t.TempDir(), Console: t.TempDir(),
		Keys:    func(string) (Keys, error) { return Keys{}, fs.ErrNotExist },
		Libvirt: (&Connection{Sockets: []string{filepath.Join(t.TempDir(), "none")}, Timeout: time.Second}).Use,
	}
	changes, err := room.Plan(context.Background())
	if err != nil || len(changes) != 7 || changes[6].String() != "create domain datanode3: it is not defined" {
		t.Errorf("plan: %q (%v), want seven creations", lines(changes), err)
	}
	if err := room.Check(context.Background()); err != nil {
		t.Errorf("check: %v", err)
	}
	if gone, err := room.Remove(context.Background()); err != nil || len(gone) != 0 {
		t.Errorf("removal: %q (%v), want nothing", lines(gone), err)
	}
	if disks, err := room.Disks(); err != nil || strings.Join(disks, "") != "" || len(disks) != 7 {
		t.Errorf("disks: %q (%v), want seven that have no id", disks, err)
	}
	if err := os.WriteFile(filepath.Join(room.Images, "datanode1.qcow2"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := room.Check(context.Background()); !errors.Is(err, Foreign.Failf("")) {
		t.Errorf("check beside a foreign disk: %v, want a Failure of kind %s", err, Foreign.ID)
	}
}

// The definition that libvirt gives back, and the golden one, both satisfy the comparison.
func TestDefinitionSurvivesLibvirt(t *testing.T) {
	g := furnished(t)
	want, err := g.want(g.Machines[3])
	if err != nil {
		t.Fatal(err)
	}
	if err := g.define(context.Background(), &standing{}, want); err != nil {
		t.Fatal(err)
	}
	is, err := g.observe(context.Background(), want.Machine)
	if err != nil {
		t.Fatal(err)
	}
	if found := compare(is.defined, want); len(found) != 0 {
		t.Errorf("libvirt changed what we said: %q", found)
	}
	if is.mark == nil || is.mark.Seed != want.digest || is.defined.UUID != want.UUID {
		text, _ := xml.MarshalIndent(is.defined, "", " ")
		t.Errorf("mark %v, UUID %s:\n%s", is.mark, is.defined.UUID, text)
	}
}
