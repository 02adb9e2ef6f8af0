package vm

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/digitalocean/go-libvirt"
	"github.com/google/go-cmp/cmp"

	"wiabctl/provision/change"
)

func TestRoomNoticesADeadMachine(t *testing.T) {
	g := furnished(t)
	g.Machines = g.Machines[:1]
	g.silent.Store(true)
	changes := g.changes(t)
	died := make(chan error, 1)
	go func() { died <- changes[0].Apply(context.Background(), nil) }()
	running := change.Condition{Description: "assethost to run", Deadline: 10 * time.Second, Interval: 20 * time.Millisecond,
		Check: func(ctx context.Context) error {
			is, err := g.observe(ctx, g.Machines[0])
			if err == nil && is.state != libvirt.DomainRunning {
				err = errors.New("it does not")
			}
			return err
		}}
	if err := running.Await(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(g.paths(g.Machines[0]).console, []byte("\x1b[0mKernel panic - not syncing\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	g.do(t, func(virt *libvirt.Libvirt) error { return cut(virt, "assethost") })
	select {
	case err := <-died:
		if !errors.Is(err, Died.Failf("")) || !strings.Contains(err.Error(), "Kernel panic - not syncing") {
			t.Errorf("got %v, want a Failure of kind %s with the console's end", err, Died.ID)
		}
	case <-time.After(5 * time.Second):
		t.Error("a stopped machine was not noticed within 5s")
	}
}

func TestRoomGivesUpOnASilentMachine(t *testing.T) {
	g := furnished(t)
	g.Machines = g.Machines[:1]
	g.Ready = time.Second
	g.silent.Store(true)
	err := apply(g.changes(t))
	if !errors.Is(err, NotReady.Failf("")) || !strings.Contains(err.Error(), "nobody answers") {
		t.Fatalf("got %v, want a Failure of kind %s with the last reason", err, NotReady.ID)
	}
	want := []string{"wait domain assethost: it is not seen ready yet: nobody answers"}
	if diff := cmp.Diff(want, g.plan(t)); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	g.silent.Store(false)
	if left := g.plan(t); len(left) != 0 {
		t.Errorf("a machine that answers by now: %q, want no change", left)
	}
	g.silent.Store(true)
	if left := g.plan(t); len(left) != 0 {
		t.Errorf("a machine that answered once and is busy now: %q, want no change", left)
	}
}
