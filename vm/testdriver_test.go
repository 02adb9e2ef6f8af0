package vm

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/digitalocean/go-libvirt"
	"github.com/digitalocean/go-libvirt/socket/dialers"

	"wiabctl/provision/change"
)

// testDriver connects to libvirt's own driver for tests, which has a running domain
// "test". It needs no root: then the daemon is one of the user's.
func testDriver(t *testing.T) *libvirt.Libvirt {
	t.Helper()
	socket := NewConnection().Sockets[0]
	if os.Geteuid() != 0 {
		dir := t.TempDir()
		socket = filepath.Join(dir, "libvirt", "libvirt-sock")
		daemon := exec.Command("/usr/sbin/libvirtd")
		daemon.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir, "XDG_CONFIG_HOME="+dir, "XDG_CACHE_HOME="+dir, "HOME="+dir)
		if err := daemon.Start(); err != nil {
			t.Fatalf("libvirtd (package libvirt-daemon): %v", err)
		}
		t.Cleanup(func() { _ = daemon.Process.Kill(); _ = daemon.Wait() })
	}
	virt := libvirt.NewWithDialer(dialers.NewLocal(dialers.WithSocket(socket)))
	err := change.Condition{
		Description: "libvirtd to answer", Deadline: 20 * time.Second, Interval: 20 * time.Millisecond,
		Check: func(context.Context) error { return virt.ConnectToURI(libvirt.TestDefault) },
	}.Await(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = virt.Disconnect() })
	return virt
}

// A domain that is not ours is read in every state that it may have, refused, and left
// alone; what ends a domain of ours ends it.
func TestOnLibvirtsTestDriver(t *testing.T) {
	virt := testDriver(t)
	test, err := virt.DomainLookupByName("test")
	if err != nil {
		t.Fatal(err)
	}
	room := &Room{
		Machines: []Machine{{Deployment: "wire", Name: "test"}, {Deployment: "wire", Name: "tes"}},
		Images:   t.TempDir(), Console: t.TempDir(),
		Libvirt: func(_ context.Context, do func(*libvirt.Libvirt) error) error { return do(virt) },
	}
	seen := func(want libvirt.DomainState, halted string) {
		t.Helper()
		is, err := room.observe(t.Context(), room.Machines[0])
		if err != nil {
			t.Fatal(err)
		}
		if is.state != want || !strings.HasPrefix(is.halted(), halted) || (halted == "") != (is.halted() == "") {
			t.Errorf("state %d (%q), want %d (%q)", is.state, is.halted(), want, halted)
		}
		if err := is.foreign(room.Machines[0], room.paths(room.Machines[0])); !errors.Is(err, Foreign.Failf("")) {
			t.Errorf("a domain without our mark: %v", err)
		}
	}
	seen(libvirt.DomainRunning, "")
	if err := virt.DomainSuspend(test); err != nil {
		t.Fatal(err)
	}
	seen(libvirt.DomainPaused, "it is paused")
	if changes, err := room.Remove(t.Context()); err != nil || len(changes) != 0 {
		t.Errorf("what is not ours would be removed: %v (%v)", changes, err)
	}
	if is, err := room.observe(t.Context(), room.Machines[1]); err != nil || is.domain != nil {
		t.Errorf("half a name finds %v (%v)", is.domain, err)
	}
	if err := cut(virt, "tes"); err != nil {
		t.Errorf("ending what is not there: %v", err)
	}
	if err := cut(virt, "test"); err != nil {
		t.Error(err)
	}
	seen(libvirt.DomainShutoff, "it is shut off")
}

// A domain that goes while it is asked about is there no more: that is no failure.
func TestObservedWhileItGoes(t *testing.T) {
	virt := testDriver(t)
	room := &Room{Machines: []Machine{{Deployment: "wire", Name: "test"}}, Images: t.TempDir(), Console: t.TempDir()}
	room.Libvirt = func(_ context.Context, do func(*libvirt.Libvirt) error) error {
		if err := do(virt); err != nil {
			return err
		}
		_, gone := virt.DomainLookupByName("tes")
		return gone
	}
	if is, err := room.observe(t.Context(), room.Machines[0]); err != nil || is.domain != nil {
		t.Errorf("%v, %v", is, err)
	}
}
