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

// However a machine dies while it is waited for, it is noticed at once, the Failure says
// how and quotes the console, and the next run starts it.
func TestRoomNoticesHowAMachineDies(t *testing.T) {
	needRoot(t)
	const word = "the last word"
	kill := func(t *testing.T, _ *guests) {
		pid, err := os.ReadFile("/run/libvirt/qemu/assethost.pid")
		if err != nil {
			t.Fatal(err)
		}
		run(t, "kill", "-KILL", strings.TrimSpace(string(pid)))
	}
	off := func(t *testing.T, g *guests) {
		g.do(t, func(virt *libvirt.Libvirt) error { return cut(virt, "assethost") })
	}
	gone := func(t *testing.T, g *guests) {
		g.do(t, func(virt *libvirt.Libvirt) error {
			domain, err := virt.DomainLookupByName("assethost")
			if err != nil {
				return err
			}
			return errors.Join(virt.DomainUndefine(domain), virt.DomainDestroy(domain))
		})
	}
	for _, tc := range []struct {
		name  string
		guest guest
		by    func(*testing.T, *guests) // nil: by itself
		says  string
		next  string // what is planned then
	}{
		{"its process is killed", says(word, halts()), kill, "QEMU process crashed or was killed", "start domain assethost: it "},
		{"switched off", says(word, halts()), off, "switched off by somebody", "start domain assethost: it is shut off"},
		{"switched off while libvirt was away", says(word, halts()), func(t *testing.T, g *guests) {
			other := NewConnection()
			defer other.Close()
			reach := func(sockets []string) {
				g.connection.mu.Lock()
				defer g.connection.mu.Unlock()
				g.connection.Sockets = sockets
			}
			reach([]string{"/nowhere"})
			defer reach(other.Sockets)
			g.connection.line.hangUp()
			if err := other.Use(t.Context(), func(virt *libvirt.Libvirt) error { return cut(virt, "assethost") }); err != nil {
				t.Fatal(err)
			}
		}, "switched off by somebody", "start domain assethost: it is shut off"},
		{"undefined", says(word, halts()), gone, "was undefined", ""},
		{"a panic on the console", says("Kernel panic - not syncing: "+word, halts()), nil, "had a kernel panic and was switched off", "start domain assethost: it is shut off"},
		{"a panic by pvpanic", says(word, panics()), nil, "had a kernel panic", "start domain assethost: it "},
		{"starting again and again", says(word, resets()), nil, "started 4 times over without getting ready and was switched off", "start domain assethost: it is shut off"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := furnished(t)
			g.boots(t, tc.guest)
			g.Ready = 2 * time.Minute
			g.Machines = g.Machines[:1]
			g.silent.Store(true)
			console := g.paths(g.Machines[0]).console
			changes := g.changes(t)
			died := make(chan error, 1)
			go func() { died <- changes[0].Apply(context.Background(), nil) }()
			spoken := change.Condition{Description: "the guest's word", Deadline: time.Minute, Interval: 5 * time.Millisecond,
				Check: func(context.Context) error {
					text, err := os.ReadFile(console)
					if err == nil && !strings.Contains(string(text), word) {
						err = errors.New("it says nothing yet")
					}
					return err
				}}
			if err := spoken.Await(context.Background(), nil); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if tc.by != nil {
				tc.by(t, g)
			}
			select {
			case err := <-died:
				if !errors.Is(err, Died.Failf("")) || !strings.Contains(err.Error(), tc.says) || !strings.Contains(err.Error(), word) {
					t.Errorf("got %v; want a Failure of kind %s that says %q and %q", err, Died.ID, tc.says, word)
				}
				t.Logf("noticed after %s: %v", time.Since(began).Round(time.Millisecond), err)
			case <-time.After(10 * time.Second):
				t.Fatal("it was not noticed within 10s")
			}
			if tc.next == "" {
				return
			}
			if plan := g.plan(t); len(plan) != 1 || !strings.HasPrefix(plan[0], tc.next) {
				t.Errorf("the next plan is %q, want %q", plan, tc.next)
			}
			g.silent.Store(false)
			if err := apply(g.changes(t)); err != nil {
				t.Errorf("the next run: %v", err)
			}
		})
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

// TestRoomIsLeft stops waiting for a machine because somebody wants to stop: that says nothing of the machine.
func TestRoomIsLeft(t *testing.T) {
	g := furnished(t)
	g.Machines = g.Machines[:1]
	g.silent.Store(true)
	asked := errors.New("somebody pressed Ctrl-C")
	work := stoppedAfter(t, time.Second, asked)
	var err error
	for _, c := range g.changes(t) {
		if err = c.Apply(work, nil); err != nil {
			break
		}
	}
	if !errors.Is(err, asked) || len(change.Failures(err)) > 0 || work.Err() != nil {
		t.Errorf("got %v, want what it was left for", err)
	}
}

// stoppedAfter is a context to change things in, which somebody wants to stop after a while.
func stoppedAfter(t *testing.T, while time.Duration, asked error) context.Context {
	t.Helper()
	gentle, stop := change.Gently(t.Context())
	work, done := change.Finishing(gentle)
	t.Cleanup(done)
	time.AfterFunc(while, func() { stop(asked) })
	return work
}
