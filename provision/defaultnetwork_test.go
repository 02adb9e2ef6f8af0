package provision

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wiabctl/assets"
	"wiabctl/provision/change"
)

// packagedHost is a host on which libvirt may be installed, and what is known there
// of the network that comes with it.
type packagedHost struct {
	dir       string
	answers   bool // libvirt
	idle      bool // the network: there, pristine, unused
	asked     int
	removals  int
	removeErr error
}

func newPackagedHost(t *testing.T) (*packagedHost, defaultNetwork) {
	t.Helper()
	h := &packagedHost{dir: t.TempDir()}
	return h, defaultNetwork{
		Receipt:   filepath.Join(h.dir, "state", "receipts", "libvirt-network-default"),
		Signs:     []string{filepath.Join(h.dir, "libvirtd"), filepath.Join(h.dir, "default.xml")},
		Displaced: true,
		Idle: func(context.Context) (bool, error) {
			h.asked++
			if !h.answers {
				return false, fmt.Errorf("no socket: %w", change.ErrNotInstalled)
			}
			return h.idle, nil
		},
		Remove: func(context.Context) error {
			if !h.answers {
				return fmt.Errorf("no socket: %w", change.ErrNotInstalled)
			}
			if h.removeErr != nil {
				return change.Never(h.removeErr)
			}
			if h.idle {
				h.idle = false
				h.removals++
			}
			return nil
		},
	}
}

// arrive is what apt does.
func (h *packagedHost) arrive(t *testing.T) {
	t.Helper()
	for _, name := range []string{"libvirtd", "default.xml"} {
		if err := os.WriteFile(filepath.Join(h.dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h.answers, h.idle = true, true
}

// packages is the change that runs apt.
func packages(apply func(context.Context) error) []change.Change {
	return []change.Change{{Verb: change.Create, Subject: "packages", Reason: "they are not installed",
		Apply: func(ctx context.Context, _ change.Progress) error { return apply(ctx) }}}
}

// planned expects exactly one deletion with the reason, or none for an empty one.
func planned(t *testing.T, changes []change.Change, err error, reason string) []change.Change {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, c := range changes {
		got += c.String()
	}
	want := ""
	if reason != "" {
		want = "delete libvirt network default: our installation of libvirt " + reason + " it, nothing uses it, and it occupies virbr0"
	}
	if got != want {
		t.Fatalf("planned %q, want %q", got, want)
	}
	return changes
}

// The whole way on a bare host: planned ahead, witnessed, removed, planned no more.
func TestDefaultNetworkOfOurInstallationGoes(t *testing.T) {
	h, d := newPackagedHost(t)
	changes, err := d.plan(t.Context())
	changes = planned(t, changes, err, "brings")
	if h.asked > 0 || d.witnessed() {
		t.Errorf("planning a bare host asked libvirt %d times, receipt %v", h.asked, d.witnessed())
	}
	install := d.witness(packages(func(context.Context) error {
		info, err := os.Stat(d.Receipt)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("while apt runs the receipt is %v (%v), want mode 0600", info, err)
		}
		h.arrive(t)
		return nil
	}))
	for _, c := range append(install, changes...) {
		if err := c.Apply(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if h.removals != 1 || d.witnessed() {
		t.Errorf("%d removals, receipt %v; want one and no receipt", h.removals, d.witnessed())
	}
	changes, err = d.plan(t.Context())
	planned(t, changes, err, "")
}

func TestDefaultNetworkPlan(t *testing.T) {
	for _, tc := range []struct {
		name         string
		libvirt      bool // its files are there
		answers      bool
		idle         bool
		receipt      bool
		elsewhere    bool // our network needs other room
		want, remove string
		kept         bool // the receipt, after settle
	}{
		{name: "bare host", want: "brings"},
		{name: "bare host, our network elsewhere", elsewhere: true},
		{name: "killed before apt", receipt: true, want: "brings", kept: true},
		{name: "killed while apt was at work", libvirt: true, receipt: true, want: "brings", kept: true},
		{name: "killed after apt", libvirt: true, answers: true, idle: true, receipt: true, want: "brought", remove: "brought", kept: true},
		{name: "gone, changed or used since", libvirt: true, answers: true, receipt: true},
		{name: "our network was moved elsewhere", libvirt: true, answers: true, idle: true, receipt: true, elsewhere: true},
		{name: "somebody else's libvirt", libvirt: true, answers: true, idle: true},
		{name: "somebody else's libvirt, stopped", libvirt: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h, d := newPackagedHost(t)
			if tc.libvirt {
				h.arrive(t)
			}
			h.answers, h.idle, d.Displaced = tc.answers, tc.idle, !tc.elsewhere
			if tc.receipt {
				if err := d.write(); err != nil {
					t.Fatal(err)
				}
			}
			changes, err := d.plan(t.Context())
			planned(t, changes, err, tc.want)
			changes, err = d.remove(t.Context())
			planned(t, changes, err, tc.remove)
			if d.witnessed() != tc.receipt || h.removals > 0 {
				t.Errorf("planning wrote: receipt %v, was %v; %d removals", d.witnessed(), tc.receipt, h.removals)
			}
			if !tc.receipt && h.asked > 0 {
				t.Errorf("asked libvirt %d times without a receipt", h.asked)
			}
			if err := d.settle(t.Context()); err != nil || d.witnessed() != tc.kept {
				t.Errorf("settled (%v): receipt %v, want %v", err, d.witnessed(), tc.kept)
			}
		})
	}
}

// Any sign of an earlier libvirt, and there is no receipt.
func TestDefaultNetworkOfAnotherInstallationIsNotWitnessed(t *testing.T) {
	for sign := range 2 {
		_, d := newPackagedHost(t)
		if err := os.WriteFile(d.Signs[sign], nil, 0o600); err != nil {
			t.Fatal(err)
		}
		ran := false
		install := d.witness(packages(func(context.Context) error { ran = true; return nil }))
		if err := install[0].Apply(t.Context(), nil); err != nil || !ran || d.witnessed() {
			t.Errorf("beside %s: installed %v (%v), receipt %v; want none", d.Signs[sign], ran, err, d.witnessed())
		}
	}
}

func TestDefaultNetworkWitnessOfAFailedInstallation(t *testing.T) {
	broken := errors.New("no route to the archive")
	for _, tc := range []struct {
		name    string
		fail    func(t *testing.T, h *packagedHost, interrupt func())
		receipt bool
	}{
		{"before libvirt came", func(*testing.T, *packagedHost, func()) {}, false},
		{"after libvirt came", func(t *testing.T, h *packagedHost, _ func()) { h.arrive(t) }, true},
		{"interrupted", func(_ *testing.T, _ *packagedHost, interrupt func()) { interrupt() }, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h, d := newPackagedHost(t)
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			install := d.witness(packages(func(context.Context) error { tc.fail(t, h, interrupt); return broken }))
			if err := install[0].Apply(ctx, nil); !errors.Is(err, broken) {
				t.Errorf("got %v, want %v", err, broken)
			}
			if d.witnessed() != tc.receipt {
				t.Errorf("receipt %v, want %v", d.witnessed(), tc.receipt)
			}
		})
	}
}

func TestDefaultNetworkTake(t *testing.T) {
	for _, tc := range []struct {
		name              string
		receipt           bool
		idle              bool
		err               error
		removals          int
		receiptAfterwards bool
	}{
		{"removed", true, true, nil, 1, false},
		{"used meanwhile", true, false, nil, 0, false},
		{"not ours after all", false, true, nil, 0, false},
		{"libvirt refuses", true, true, errors.New("it cannot be stopped"), 0, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h, d := newPackagedHost(t)
			h.arrive(t)
			h.idle, h.removeErr = tc.idle, tc.err
			if tc.receipt {
				if err := d.write(); err != nil {
					t.Fatal(err)
				}
			}
			if err := d.take(t.Context(), nil); !errors.Is(err, tc.err) {
				t.Errorf("got %v, want %v", err, tc.err)
			}
			if h.removals != tc.removals || d.witnessed() != tc.receiptAfterwards {
				t.Errorf("%d removals, receipt %v; want %d, %v", h.removals, d.witnessed(), tc.removals, tc.receiptAfterwards)
			}
		})
	}
}

// libvirt answers a moment after its installation.
func TestDefaultNetworkTakeWaitsForLibvirt(t *testing.T) {
	h, d := newPackagedHost(t)
	if err := d.write(); err != nil {
		t.Fatal(err)
	}
	tries, remove := 0, d.Remove
	d.Remove = func(ctx context.Context) error {
		if tries++; tries == 3 {
			h.arrive(t)
		}
		return remove(ctx)
	}
	if err := d.take(t.Context(), nil); err != nil || h.removals != 1 || d.witnessed() {
		t.Errorf("%v after %d tries, %d removals, receipt %v", err, tries, h.removals, d.witnessed())
	}
}

// The host stage removes the network after the packages that bring it, and down
// removes it while the receipt is still there.
func TestHostStageTakesTheDefaultNetwork(t *testing.T) {
	h, d := newPackagedHost(t)
	stage := host{
		user:    deployUser{Name: "wiabctl-test-nobody", Key: func() ([]byte, error) { return nil, nil }},
		keys:    assets.Keys{Dir: filepath.Join(h.dir, "state", "keys")},
		shipped: d,
		names:   block{File: filepath.Join(h.dir, "hosts"), Lines: []string{"192.0.2.1 a"}},
		state:   filepath.Join(h.dir, "state"),
	}
	subjects := func(changes []change.Change, err error) []string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, c := range changes {
			all = append(all, c.Subject)
		}
		return all
	}
	got := subjects(stage.Plan(t.Context()))
	network := slices.Index(got, "libvirt network default")
	if network < 0 || slices.IndexFunc(got, func(s string) bool { return strings.HasPrefix(s, "packages ") }) > network {
		t.Errorf("planned %q, want the network's removal after the packages", got)
	}
	if err := d.write(); err != nil {
		t.Fatal(err)
	}
	h.arrive(t)
	want := []string{"libvirt network default", "directory " + stage.state}
	if got := subjects(stage.Remove(t.Context())); !slices.Equal(got, want) {
		t.Errorf("down removes %q, want %q", got, want)
	}
}

func TestInstallationPassesOverTheDefaultNetwork(t *testing.T) {
	config, err := Parse([]byte(smallest))
	if err != nil {
		t.Fatal(err)
	}
	i := Open(config, nil)
	if i.fabric().Leaving == nil {
		t.Error("the network is not told of a network that is about to go")
	}
	d := i.defaultNetwork()
	if !strings.HasPrefix(d.Receipt, stateDir+"/") || len(d.Signs) == 0 || !d.Displaced {
		t.Errorf("%+v: want a receipt below %s, signs of libvirt, and a network in the way", d, stateDir)
	}
}
