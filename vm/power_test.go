package vm

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/digitalocean/go-libvirt"
	"github.com/google/go-cmp/cmp"

	"wiabctl/provision/change"
)

// made is a room whose first two machines run.
func made(t *testing.T) *guests {
	t.Helper()
	g := furnished(t)
	g.Machines = g.Machines[:2]
	if err := apply(g.changes(t)); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *guests) states(t *testing.T) string {
	t.Helper()
	all, err := g.List(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, s := range all {
		words = append(words, s.Name+" "+s.State+" "+s.Why)
	}
	return strings.TrimSpace(strings.Join(words, "; "))
}

func TestPower(t *testing.T) {
	g := made(t)
	ctx := context.Background()
	both := []string{"assethost", "kubenode1"}
	for _, step := range []struct {
		name  string
		plan  func() ([]change.Change, error)
		want  []string
		leads string
	}{
		{"start what runs", func() ([]change.Change, error) { return g.Start(ctx, both) }, nil,
			"assethost running ; kubenode1 running"},
		{"cut one off", func() ([]change.Change, error) { return g.Stop(ctx, both[1:], true) }, []string{"stop domain kubenode1: it is cut off"},
			"assethost running ; kubenode1 shut off it is shut off: somebody cut it off (virsh destroy)"},
		{"stop what is off", func() ([]change.Change, error) { return g.Stop(ctx, both[1:], false) }, nil,
			"assethost running ; kubenode1 shut off it is shut off: somebody cut it off (virsh destroy)"},
		{"start it", func() ([]change.Change, error) { return g.Start(ctx, both) }, []string{"start domain kubenode1: it is shut off: somebody cut it off (virsh destroy)"},
			"assethost running ; kubenode1 running"},
		{"restart both", func() ([]change.Change, error) { return g.Restart(ctx, both, true) },
			[]string{"restart domain assethost: it is cut off", "restart domain kubenode1: it is cut off"},
			"assethost running ; kubenode1 running"},
	} {
		changes, err := step.plan()
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if diff := cmp.Diff(step.want, lines(changes)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
		if err := apply(changes); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if got := g.states(t); got != step.leads {
			t.Errorf("%s leads to %q, want %q", step.name, got, step.leads)
		}
	}
}

// What runs anew has another process, and libvirt's id shows it.
func TestRestartIsANewProcess(t *testing.T) {
	g := made(t)
	id := func() (id int32) {
		g.do(t, func(virt *libvirt.Libvirt) error {
			domain, err := virt.DomainLookupByName("kubenode1")
			id = domain.ID
			return err
		})
		return id
	}
	before := id()
	changes, err := g.Restart(context.Background(), []string{"kubenode1"}, true)
	if err != nil {
		t.Fatal(err)
	}
	if changes[0].Concurrent {
		t.Error("machines are restarted side by side")
	}
	if err := apply(changes); err != nil {
		t.Fatal(err)
	}
	if id() == before {
		t.Error("the machine was not restarted")
	}
}

func TestPowerRefuses(t *testing.T) {
	g := furnished(t)
	if _, err := g.Start(context.Background(), []string{"assethost", "kubenode1"}); !errors.Is(err, Missing.Failf("")) ||
		!strings.Contains(err.Error(), "there is no VM assethost") || !strings.Contains(err.Error(), "kubenode1") {
		t.Errorf("machines that do not exist: %v, want Failures of kind %s for both", err, Missing.ID)
	}
	g.do(t, func(virt *libvirt.Libvirt) error {
		_, err := virt.DomainDefineXML(`<domain type='qemu'><name>kubenode1</name><memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>`)
		return err
	})
	if _, err := g.Stop(context.Background(), []string{"kubenode1"}, true); !errors.Is(err, Foreign.Failf("")) {
		t.Errorf("somebody else's machine: %v, want a Failure of kind %s", err, Foreign.ID)
	}
	if got := g.states(t); !strings.Contains(got, "assethost missing it is not defined; kubenode1 foreign there is a domain kubenode1") {
		t.Errorf("list: %q", got)
	}
}

func TestAttach(t *testing.T) {
	g := made(t)
	attach := func(name string) (keys io.Writer, left <-chan error) {
		typing, typist := io.Pipe()
		t.Cleanup(func() { typist.Close() })
		done := make(chan error, 1)
		go func() { done <- g.Attach(context.Background(), name, typing, io.Discard) }()
		if _, err := typist.Write([]byte("a")); err != nil { // is read only when attached
			t.Fatal(err)
		}
		return typist, done
	}
	within := func(left <-chan error, when string) {
		t.Helper()
		select {
		case err := <-left:
			if err != nil {
				t.Errorf("%s: %v", when, err)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%s: the console does not end", when)
		}
	}
	keys, left := attach("kubenode1")
	if err := g.Attach(context.Background(), "kubenode1", strings.NewReader(""), io.Discard); !errors.Is(err, ConsoleBusy.Failf("")) {
		t.Errorf("a second one at the console: %v, want a Failure of kind %s", err, ConsoleBusy.ID)
	}
	if _, err := keys.Write([]byte("b\x1d")); err != nil {
		t.Fatal(err)
	}
	within(left, "Ctrl-]")
	_, left = attach("kubenode1")
	g.do(t, func(virt *libvirt.Libvirt) error { return cut(virt, "kubenode1") })
	within(left, "the machine stops")
	if err := g.Attach(context.Background(), "kubenode1", strings.NewReader(""), io.Discard); err == nil || !strings.Contains(err.Error(), "shut off") {
		t.Errorf("a machine that is off: %v", err)
	}
}

// TestStopIsLeft stops waiting for a guest that does not shut down: it runs on, and is not cut off.
func TestStopIsLeft(t *testing.T) {
	g := made(t)
	asked := errors.New("somebody pressed Ctrl-C")
	changes, err := g.Stop(t.Context(), []string{"assethost"}, false)
	if err != nil || len(changes) != 1 {
		t.Fatalf("%d changes, %v", len(changes), err)
	}
	if err := changes[0].Apply(stoppedAfter(t, time.Second, asked), nil); !errors.Is(err, asked) {
		t.Errorf("got %v, want what it was left for", err)
	}
	if got := g.states(t); !strings.HasPrefix(got, "assethost running") {
		t.Errorf("after the wait was left: %s", got)
	}
}
