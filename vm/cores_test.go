package vm

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"wiabctl/provision/change"
)

func TestListed(t *testing.T) {
	for text, want := range map[string]int{"0\n": 1, "0-3\n": 4, "0-1,4,6-7\n": 5, "0-127": 128} {
		if n, err := listed(text); err != nil || n != want {
			t.Errorf("%q: %d, %v; want %d", text, n, err, want)
		}
	}
	for _, text := range []string{"", "a", "3-1", "0-", "0,,1"} {
		if n, err := listed(text); err == nil {
			t.Errorf("%q: %d, want an error", text, n)
		}
	}
}

// TestSharing has one machine with 8 processors and two with 4.
func TestSharing(t *testing.T) {
	machines := []Machine{{Name: "a", Dimensions: Dimensions{CPUs: 4}}, {Name: "kubenode1", Dimensions: Dimensions{CPUs: 8}}, {Name: "b", Dimensions: Dimensions{CPUs: 4}}}
	for _, tc := range []struct {
		cores    int
		severity change.Severity // empty: nothing is found
		says     string
	}{
		{2, change.Serious, "kubenode1 alone is to have 8"},
		{7, change.Serious, "kubenode1 alone is to have 8"},
		{8, change.Noted, "with 16 in all, share them"},
		{15, change.Noted, "has 15 cores"},
		{16, "", ""},
	} {
		finds(t, sharing(machines, tc.cores), CoresShort, tc.severity, tc.says)
	}
	finds(t, sharing([]Machine{{Dimensions: Dimensions{CPUs: 2}}, {Dimensions: Dimensions{CPUs: 2}}, {Dimensions: Dimensions{CPUs: 2}}, {Dimensions: Dimensions{CPUs: 2}}, {Dimensions: Dimensions{CPUs: 1}}}, 2), CoresShort, change.Serious, "9 in all, more than 4 for each")
	finds(t, sharing([]Machine{{Dimensions: Dimensions{CPUs: 2}}, {Dimensions: Dimensions{CPUs: 2}}, {Dimensions: Dimensions{CPUs: 2}}, {Dimensions: Dimensions{CPUs: 2}}}, 2), CoresShort, change.Noted, "share them")
}

// finds demands one finding of the kind, or none.
func finds(t *testing.T, err error, kind change.Kind, severity change.Severity, says string) {
	t.Helper()
	if severity == "" {
		if err != nil {
			t.Errorf("found %v, want nothing", err)
		}
		return
	}
	if err == nil || !errors.Is(err, kind.Failf("")) || change.SeverityOf(err) != severity || !strings.Contains(err.Error(), says) {
		t.Errorf("found %v, want a %s of kind %s that says %q", err, severity, kind.ID, says)
	}
}

func TestOutdated(t *testing.T) {
	finds(t, outdated(8_000_000), LibvirtOutdated, "", "")
	finds(t, outdated(9_000_000), LibvirtOutdated, "", "")
	finds(t, outdated(7_010_012), LibvirtOutdated, change.Serious, "libvirt is 7.10.12, older than 8.0.0")
}

func TestTunnelling(t *testing.T) {
	finds(t, tunnelling(nil), TunMissing, "", "")
	finds(t, tunnelling(&fs.PathError{Op: "open", Path: tunDevice, Err: fs.ErrNotExist}), TunMissing, change.Fatal, "/dev/net/tun cannot be opened")
}

func TestCheckCores(t *testing.T) {
	room := Room{Machines: []Machine{{Name: "huge", Dimensions: Dimensions{CPUs: 1 << 16}}}}
	finds(t, room.CheckCores(t.Context()), CoresShort, change.Serious, "huge alone is to have 65536")
}

// TestCheckHypervisor asks a real libvirt, and none.
func TestCheckHypervisor(t *testing.T) {
	g := furnished(t)
	if err := g.CheckHypervisor(t.Context()); err != nil {
		t.Errorf("found %v", err)
	}
	g.Libvirt = (&Connection{Sockets: []string{t.TempDir() + "/none"}, Timeout: time.Minute}).Use
	if err := g.CheckHypervisor(t.Context()); err != nil {
		t.Errorf("found %v where there is no libvirt yet", err)
	}
}
