package vm

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/digitalocean/go-libvirt"
	"github.com/google/go-cmp/cmp"
)

// New keys reach a machine while it runs: its seed, its definition and what runs are then
// as if it had been made with them. Interrupted before, it is done again.
func TestKeysAreReplacedWhileItRuns(t *testing.T) {
	g := furnished(t)
	g.Machines = g.Machines[:1]
	m := g.Machines[0]
	if err := apply(g.changes(t)); err != nil {
		t.Fatal(err)
	}
	process := g.id(t, m)
	before, err := os.ReadFile(g.paths(m).seed)
	if err != nil {
		t.Fatal(err)
	}
	g.Keys = func(name string) (Keys, error) {
		now, _ := keys("another")
		was, _ := keys(name)
		now.Former = &was
		return now, nil
	}
	broken := errors.New("the connection broke")
	replaced := 0
	g.Rekey = func(_ context.Context, machine Machine) error {
		if replaced++; replaced == 1 {
			return broken
		}
		if machine.Name != m.Name {
			t.Errorf("the keys of %s are replaced", machine.Name)
		}
		return nil
	}
	for _, want := range []string{
		"update domain assethost: its seed changed; its SSH keys are being replaced",
		"update domain assethost: its SSH keys are being replaced",
	} {
		changes := g.changes(t)
		if diff := cmp.Diff([]string{want}, lines(changes)); diff != "" {
			t.Fatalf("plan (-want +got):\n%s", diff)
		}
		if err := apply(changes); replaced == 1 != errors.Is(err, broken) || replaced > 1 && err != nil {
			t.Fatalf("the replacement %d came to %v", replaced, err)
		}
	}
	g.Keys = func(string) (Keys, error) { return keys("another") } // the old ones are forgotten
	if left := g.plan(t); len(left) != 0 || replaced != 2 {
		t.Errorf("left after %d replacements: %q", replaced, left)
	}
	if g.id(t, m) != process {
		t.Error("it was restarted")
	}
	if after, err := os.ReadFile(g.paths(m).seed); err != nil || digest(after) == digest(before) {
		t.Errorf("its next start would bring the old keys (%v)", err)
	}
}

// What else a new seed brings needs a restart, also while keys are replaced.
func TestAnotherSeedRestartsAlsoWithNewKeys(t *testing.T) {
	now, _ := keys("another")
	was, _ := keys("kubenode1")
	now.Former = &was
	machine := usual().Machines("wire", subnet)[1]
	room := &Room{Keys: func(string) (Keys, error) { return now, nil }}
	want, err := room.want(machine)
	if err != nil {
		t.Fatal(err)
	}
	machine.Guest.Timezone = "Europe/Berlin"
	other, err := (&Room{Keys: func(string) (Keys, error) { return was, nil }}).want(machine)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, seed string
		fits       bool
	}{{"the new one", want.digest, true}, {"the one with the old keys", want.former, true}, {"one of another configuration", other.digest, false}, {"none", "", false}} {
		if want.fits(c.seed) != c.fits {
			t.Errorf("%s: fits is %t", c.name, !c.fits)
		}
	}
	if want.digest == want.former {
		t.Error("the keys are no part of the seed")
	}
	if other.fits("") {
		t.Error("no seed fits where no keys are replaced")
	}
}

// id is libvirt's number of the machine's process.
func (g *guests) id(t *testing.T, machine Machine) (id int32) {
	t.Helper()
	g.do(t, func(virt *libvirt.Libvirt) error {
		domain, err := virt.DomainLookupByName(machine.Name)
		id = domain.ID
		return err
	})
	return id
}
