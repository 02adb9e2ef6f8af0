package network

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/digitalocean/go-libvirt"
	"github.com/google/go-cmp/cmp"

	"wiabctl/provision/change"
)

// packaged is the file that the package's postinst copies.
const packaged = `<network>
  <name>default</name>
  <bridge name='virbr0'/>
  <forward/>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <dhcp>
      <range start='192.168.122.2' end='192.168.122.254'/>
    </dhcp>
  </ip>
</network>
`

// ship brings the network as the package does: a file that the daemon reads.
func ship(t *testing.T) {
	t.Helper()
	if err := errors.Join(os.MkdirAll("/etc/libvirt/qemu/networks", 0o755), os.WriteFile("/etc/libvirt/qemu/networks/default.xml", []byte(packaged), 0o600)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("/run/libvirtd.pid")
	if err != nil {
		t.Fatal(err)
	}
	daemon, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(daemon, syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	err = change.Condition{Description: "libvirt to read the file", Deadline: 10 * time.Second, Interval: 10 * time.Millisecond,
		Check: func(ctx context.Context) error {
			return use(ctx, func(virt *libvirt.Libvirt) error {
				_, err := virt.NetworkLookupByName(shippedName)
				return err
			})
		}}.Await(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
}

// onShipped runs calls on the shipped network.
func onShipped(t *testing.T, calls func(*libvirt.Libvirt, libvirt.Network) error) {
	t.Helper()
	virt(t, func(virt *libvirt.Libvirt) error {
		network, err := virt.NetworkLookupByName(shippedName)
		if err != nil {
			return err
		}
		return calls(virt, network)
	})
}

// activate starts the network, as an administrator may. libvirt makes its chains
// once only, and clear may have flushed them.
func activate(t *testing.T) {
	t.Helper()
	chains(t)
	onShipped(t, func(virt *libvirt.Libvirt, n libvirt.Network) error { return start(context.Background(), virt, n) })
}

func chains(t *testing.T) {
	t.Helper()
	for table, names := range map[string][]string{"filter": {"INP", "OUT", "FWI", "FWO", "FWX"}, "nat": {"PRT"}, "mangle": {"PRT"}} {
		for _, name := range names {
			_ = exec.Command("iptables", "-w", "-t", table, "-N", "LIBVIRT_"+name).Run() // or it is there
		}
	}
}

// guest defines, and perhaps starts, a VM with the interface.
func guest(t *testing.T, device string, run bool) {
	t.Helper()
	text := "<domain type='qemu'><name>guest</name><memory>65536</memory><os><type arch='x86_64' machine='q35'>hvm</type></os><devices>" + device + "</devices></domain>"
	virt(t, func(virt *libvirt.Libvirt) error {
		if run {
			_, err := virt.DomainCreateXML(text, 0)
			return err
		}
		domain, err := virt.DomainDefineXML(text)
		t.Cleanup(func() { virtually(domain) })
		return err
	})
}

// virtually undefines a domain that is only defined.
func virtually(domain libvirt.Domain) {
	_ = use(context.Background(), func(virt *libvirt.Libvirt) error { return virt.DomainUndefine(domain) })
}

const (
	onNetwork = "<interface type='network'><source network='default'/><model type='virtio'/></interface>"
	onBridge  = "<interface type='bridge'><source bridge='virbr0'/><model type='virtio'/></interface>"
)

func TestIdleNetworkGoesOthersStay(t *testing.T) {
	needRoot(t)
	for _, tc := range []struct {
		name string
		make func(*testing.T)
		idle bool
	}{
		{"as the package brings it", ship, true},
		{"started since", func(t *testing.T) { ship(t); activate(t) }, true},
		{"with autostart", func(t *testing.T) {
			ship(t)
			onShipped(t, func(virt *libvirt.Libvirt, n libvirt.Network) error { return virt.NetworkSetAutostart(n, 1) })
		}, true},
		{"none at all", func(*testing.T) {}, false},
		{"changed while it runs", func(t *testing.T) {
			ship(t)
			activate(t)
			onShipped(t, func(virt *libvirt.Libvirt, n libvirt.Network) error {
				return virt.NetworkUpdateCompat(n, libvirt.NetworkUpdateCommandAddLast, libvirt.NetworkSectionIPDhcpHost, -1,
					"<host mac='52:54:00:00:00:99' ip='192.168.122.99'/>", libvirt.NetworkUpdateAffectLive)
			})
		}, false},
		{"changed for its next start", func(t *testing.T) {
			ship(t)
			activate(t)
			onShipped(t, func(virt *libvirt.Libvirt, n libvirt.Network) error {
				return virt.NetworkUpdateCompat(n, libvirt.NetworkUpdateCommandAddLast, libvirt.NetworkSectionIPDhcpHost, -1,
					"<host mac='52:54:00:00:00:99' ip='192.168.122.99'/>", libvirt.NetworkUpdateAffectConfig)
			})
		}, false},
		{"not persistent", func(t *testing.T) {
			chains(t)
			virt(t, func(virt *libvirt.Libvirt) error {
				_, err := virt.NetworkCreateXML(packaged)
				return err
			})
		}, false},
		{"a VM runs on it", func(t *testing.T) { ship(t); activate(t); guest(t, onNetwork, true) }, false},
		{"a VM runs on its bridge", func(t *testing.T) { ship(t); activate(t); guest(t, onBridge, true) }, false},
		{"a VM that is off wants it", func(t *testing.T) { ship(t); guest(t, onNetwork, false) }, false},
		{"a VM that is off wants its bridge", func(t *testing.T) { ship(t); guest(t, onBridge, false) }, false},
		{"a VM that needs no network", func(t *testing.T) { ship(t); guest(t, "", true) }, true},
		{"a container's link is on its bridge", func(t *testing.T) {
			ship(t)
			activate(t)
			run(t, "ip", "link", "add", "box0", "type", "veth", "peer", "box1")
			t.Cleanup(func() { run(t, "ip", "link", "delete", "box0") })
			run(t, "ip", "link", "set", "box0", "master", shippedBridge)
		}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			clear(t)
			before := host(t)
			tc.make(t)
			made := host(t)
			shipped := Shipped{Libvirt: use}
			if idle, err := shipped.Idle(context.Background()); err != nil || idle != tc.idle {
				t.Errorf("idle: %v (%v), want %v", idle, err, tc.idle)
			}
			if err := shipped.Remove(context.Background()); err != nil {
				t.Errorf("removal: %v", err)
			}
			after := made
			if tc.idle {
				after = before
			}
			left := host(t)
			for _, what := range []string{"links", "networks"} { // libvirt keeps its own empty chains
				if diff := cmp.Diff(after[what], left[what]); diff != "" {
					t.Errorf("%s after the removal (-want +got):\n%s", what, diff)
				}
			}
			if err := shipped.Remove(context.Background()); err != nil {
				t.Errorf("a second removal: %v", err)
			}
		})
	}
}

func TestShippedOnABareHost(t *testing.T) {
	shipped := Shipped{Libvirt: func(context.Context, func(*libvirt.Libvirt) error) error {
		return fmt.Errorf("no socket: %w", change.ErrNotInstalled)
	}}
	if idle, err := shipped.Idle(context.Background()); idle || !errors.Is(err, change.ErrNotInstalled) {
		t.Errorf("idle: %v (%v), want %v", idle, err, change.ErrNotInstalled)
	}
	if err := shipped.Remove(context.Background()); !errors.Is(err, change.ErrNotInstalled) {
		t.Errorf("removal: %v, want %v", err, change.ErrNotInstalled)
	}
}

// A network that is about to go stands in nobody's way, until it ought to have gone.
func TestLeavingNetworkIsPassedOver(t *testing.T) {
	needRoot(t)
	for _, tc := range []struct {
		name    string
		make    func(*testing.T)
		spec    func(*Spec)
		leaving bool
		refused string
	}{
		{name: "inactive", make: ship, leaving: true},
		{name: "active", make: func(t *testing.T) { ship(t); activate(t) }, leaving: true},
		{name: "active, its subnet alone is wanted", make: func(t *testing.T) { ship(t); activate(t) }, leaving: true, spec: func(s *Spec) { s.Bridge = "wire0" }},
		{name: "our network bears its name", make: ship, leaving: true, spec: func(s *Spec) { s.Name = shippedName }},
		{name: "it stays", make: ship, refused: Foreign.ID},
		{name: "a VM wants it", make: func(t *testing.T) { ship(t); guest(t, onNetwork, false) }, leaving: true, refused: Foreign.ID},
		{name: "inactive, and its bridge is somebody's", make: func(t *testing.T) {
			ship(t)
			run(t, "ip", "link", "add", "virbr0", "type", "bridge")
			t.Cleanup(func() { run(t, "ip", "link", "delete", "virbr0") })
		}, leaving: true, refused: Foreign.ID},
	} {
		t.Run(tc.name, func(t *testing.T) {
			clear(t)
			tc.make(t)
			f := usual()
			if tc.spec != nil {
				tc.spec(&f.Spec)
			}
			receipt := tc.leaving
			f.Leaving = func() bool { return receipt }
			checked := f.place(context.Background())
			changes, err := f.planBridge(context.Background())
			if tc.refused != "" {
				if !kindOf(checked, tc.refused) || !kindOf(err, tc.refused) {
					t.Errorf("check: %v, plan: %v, want Failures of kind %s", checked, err, tc.refused)
				}
				return
			}
			want := []string{"create libvirt network " + f.Spec.Name + ": it is not defined; " + brought}
			if diff := cmp.Diff(want, lines(t, changes, err)); diff != "" || checked != nil {
				t.Fatalf("check: %v, plan (-want +got):\n%s", checked, diff)
			}
			receipt = false // given up, but the network is still there
			if err := changes[0].Apply(context.Background(), nil); f.Spec.Bridge == shippedBridge && !kindOf(err, Foreign.ID) {
				t.Errorf("apply beside it: %v, want a Failure of kind %s", err, Foreign.ID)
			}
			if err := (Shipped{Libvirt: use}).Remove(context.Background()); err != nil {
				t.Fatal(err)
			}
			settled(t, f)
			if err := f.place(context.Background()); err != nil {
				t.Errorf("check of what is ours: %v", err)
			}
		})
	}
}
