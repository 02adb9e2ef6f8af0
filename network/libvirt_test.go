package network

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/digitalocean/go-libvirt"
	"github.com/google/go-cmp/cmp"
)

func TestDefinition(t *testing.T) {
	definition, err := usual().definition()
	if err != nil {
		t.Fatal(err)
	}
	text, err := definition.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "network.xml", text+"\n")
}

// brought is what a plan says of the usual network's addresses.
const brought = "it brings this host 192.168.122.1, kubenode1 192.168.122.21, kubenode2 192.168.122.22, kubenode3 192.168.122.23"

// settled makes the libvirt network alone.
func settled(t *testing.T, f *Fabric) {
	t.Helper()
	changes, err := f.planBridge(context.Background())
	apply(t, changes, err)
	changes, err = f.planBridge(context.Background())
	if left := lines(t, changes, err); len(left) != 0 {
		t.Fatalf("left after applying: %q", left)
	}
}

func virt(t *testing.T, calls func(*libvirt.Libvirt) error) {
	t.Helper()
	if err := use(context.Background(), calls); err != nil {
		t.Fatal(err)
	}
}

// attach starts a VM on the network that has nothing to boot.
func attach(t *testing.T) {
	t.Helper()
	virt(t, func(virt *libvirt.Libvirt) error {
		_, err := virt.DomainCreateXML("<domain type='qemu'><name>guest</name><memory>65536</memory><os><type arch='x86_64' machine='q35'>hvm</type></os>"+
			"<devices><interface type='network'><source network='wirebox'/><model type='virtio'/></interface></devices></domain>", 0)
		return err
	})
}

func TestNetworkDriftIsMended(t *testing.T) {
	needRoot(t)
	named := func(calls func(*libvirt.Libvirt, libvirt.Network) error) func(*testing.T, *Fabric) {
		return func(t *testing.T, _ *Fabric) {
			virt(t, func(virt *libvirt.Libvirt) error {
				network, err := virt.NetworkLookupByName("wirebox")
				if err != nil {
					return err
				}
				return calls(virt, network)
			})
		}
	}
	for _, tc := range []struct {
		name  string
		drift func(*testing.T, *Fabric)
		want  string
	}{
		{"no autostart", named(func(virt *libvirt.Libvirt, n libvirt.Network) error { return virt.NetworkSetAutostart(n, 0) }),
			"update libvirt network wirebox: it does not start with the host"},
		{"inactive", named(func(virt *libvirt.Libvirt, n libvirt.Network) error { return virt.NetworkDestroy(n) }),
			"start libvirt network wirebox: it is not active"},
		{"gone", named(func(virt *libvirt.Libvirt, n libvirt.Network) error {
			return errors.Join(virt.NetworkDestroy(n), virt.NetworkUndefine(n))
		}), "create libvirt network wirebox: it is not defined; " + brought},
		{"a reservation moves, VMs attached", func(t *testing.T, f *Fabric) {
			attach(t)
			f.Reservations[0].MAC = "52:54:00:00:00:77"
			f.Reservations[2].Address = netip.MustParseAddr("192.168.122.77")
		}, "update libvirt network wirebox: its reservations differ"},
		{"another DHCP range, guests on it", func(t *testing.T, _ *Fabric) {
			attach(t)
			shift(t, libvirt.NetworkUpdateAffectLive|libvirt.NetworkUpdateAffectConfig)
		}, "update libvirt network wirebox: its DHCP range is not 192.168.122.100-192.168.122.240"},
		{"another DHCP range until the next start, guests on it", func(t *testing.T, _ *Fabric) {
			attach(t)
			shift(t, libvirt.NetworkUpdateAffectLive)
		}, "update libvirt network wirebox: its DHCP range is not 192.168.122.100-192.168.122.240"},
		{"another DHCP range from the next start, guests on it", func(t *testing.T, _ *Fabric) {
			attach(t)
			shift(t, libvirt.NetworkUpdateAffectConfig)
		}, "update libvirt network wirebox: its DHCP range is not 192.168.122.100-192.168.122.240"},
		{"a reservation more, guests on it", named(func(virt *libvirt.Libvirt, n libvirt.Network) error {
			return virt.NetworkUpdateCompat(n, libvirt.NetworkUpdateCommandAddLast, libvirt.NetworkSectionIPDhcpHost, -1, "<host mac='52:54:00:00:00:99' ip='192.168.122.99'/>", libvirt.NetworkUpdateAffectLive)
		}), "update libvirt network wirebox: its DHCP knows more than it should"},
		{"another subnet", func(_ *testing.T, f *Fabric) {
			f.Spec.Subnet = netip.MustParsePrefix("10.77.0.0/24")
			for i := range f.Reservations {
				f.Reservations[i].Address = f.Spec.nth(byte(20 + i))
			}
		}, "update libvirt network wirebox: address is 192.168.122.1/255.255.255.0, configured 10.77.0.1/255.255.255.0; " +
			"its DHCP range is not 10.77.0.100-10.77.0.240; its reservations differ; it will be restarted"},
		{"another bridge", func(_ *testing.T, f *Fabric) { f.Spec.Bridge = "virbr7" },
			"update libvirt network wirebox: bridge is virbr0, configured virbr7; it will be restarted"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			clear(t)
			f := usual()
			settled(t, f)
			server, _ := os.ReadFile("/run/libvirt/network/wirebox.pid")
			bridge := string(index("virbr0"))
			tc.drift(t, f)
			changes, err := f.planBridge(context.Background())
			if diff := cmp.Diff([]string{tc.want}, lines(t, changes, err)); diff != "" {
				t.Fatalf("plan (-want +got):\n%s", diff)
			}
			settled(t, f)
			if after, _ := os.ReadFile("/run/libvirt/network/wirebox.pid"); strings.Contains(tc.name, "attached") && string(after) != string(server) {
				t.Errorf("the DHCP server was restarted: pid %q became %q", server, after)
			}
			if strings.Contains(tc.name, "guests on it") && string(index("virbr0")) != bridge {
				t.Error("the network was restarted")
			}
		})
	}
}

func TestNetworkInUseIsNotRestarted(t *testing.T) {
	needRoot(t)
	clear(t)
	f := usual()
	settled(t, f)
	attach(t)
	f.Spec.Bridge = "virbr7"
	err := f.settleBridge(context.Background(), nil)
	if !errors.Is(err, InUse.Failf("")) || !strings.Contains(err.Error(), "bridge is virbr0, configured virbr7") || !strings.Contains(err.Error(), "1 VMs") {
		t.Errorf("got %v, want a Failure of kind %s", err, InUse.ID)
	}
}

func TestNetworkWithStrangersVMsStays(t *testing.T) {
	needRoot(t)
	clear(t)
	f := usual()
	settled(t, f)
	attach(t)
	changes, err := f.removeBridge(context.Background())
	if err != nil || len(changes) != 1 {
		t.Fatalf("removal: %v (%v)", changes, err)
	}
	if err := changes[0].Apply(context.Background(), nil); !errors.Is(err, InUse.Failf("")) || !strings.Contains(err.Error(), "1 VMs that wiabctl did not make") {
		t.Errorf("got %v, want a Failure of kind %s", err, InUse.ID)
	}
	changes, err = f.planBridge(context.Background())
	if left := lines(t, changes, err); len(left) != 0 {
		t.Errorf("the network is not what it was: %q", left)
	}
}

func TestForeignNetworksAreRefused(t *testing.T) {
	needRoot(t)
	define := func(xml string) func(*testing.T) {
		return func(t *testing.T) {
			virt(t, func(virt *libvirt.Libvirt) error {
				_, err := virt.NetworkDefineXML(xml)
				return err
			})
		}
	}
	for _, tc := range []struct {
		name  string
		thing func(*testing.T)
		kind  string
		cause string
	}{
		{"network of our name", define("<network><name>wirebox</name><bridge name='other0'/></network>"), Foreign.ID, "that wiabctl did not make"},
		{"another deployment's", define("<network><name>wirebox</name><metadata><w:network xmlns:w='" + namespace + "' deployment='other'/></metadata><bridge name='other0'/></network>"),
			Foreign.ID, `another deployment, "other"`},
		{"inactive network with our bridge", define("<network><name>default</name><bridge name='virbr0'/></network>"), Foreign.ID, "belongs to libvirt's network default"},
		{"inactive network with our subnet", define("<network><name>default</name><bridge name='other0'/><ip address='192.168.0.1' netmask='255.255.0.0'/></network>"),
			SubnetClash.ID, "overlaps 192.168.0.0/16 of libvirt's network default"},
		{"interface of our bridge's name", func(t *testing.T) {
			run(t, "ip", "link", "add", "virbr0", "type", "bridge")
			t.Cleanup(func() { run(t, "ip", "link", "delete", "virbr0") })
		}, Foreign.ID, "there is an interface virbr0"},
		{"route to our subnet", func(t *testing.T) {
			run(t, "ip", "route", "add", "192.168.122.128/25", "dev", "wan0")
			t.Cleanup(func() { run(t, "ip", "route", "delete", "192.168.122.128/25") })
		}, SubnetClash.ID, "192.168.122.128/25, which this host reaches through wan0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			clear(t)
			f := usual()
			changes, err := f.planBridge(context.Background()) // while nothing stood in the way
			if err != nil {
				t.Fatal(err)
			}
			tc.thing(t)
			before := host(t)
			checked := f.Check(context.Background())
			if !strings.Contains(errText(checked), tc.cause) || !kindOf(checked, tc.kind) {
				t.Errorf("check: %v, want a Failure of kind %s saying %q", checked, tc.kind, tc.cause)
			}
			if tc.kind == Foreign.ID {
				if err := changes[0].Apply(context.Background(), nil); !kindOf(err, tc.kind) {
					t.Errorf("apply: %v, want a Failure of kind %s", err, tc.kind)
				}
			}
			if gone, err := f.removeBridge(context.Background()); err != nil || len(gone) != 0 {
				t.Errorf("removal: %q (%v), want nothing", lines(t, gone, err), err)
			}
			if diff := cmp.Diff(before, host(t)); diff != "" {
				t.Errorf("the host changed (-before +after):\n%s", diff)
			}
		})
	}
}

// shift gives the network another DHCP range.
func shift(t *testing.T, affect libvirt.NetworkUpdateFlags) {
	t.Helper()
	virt(t, func(virt *libvirt.Libvirt) error {
		network, err := virt.NetworkLookupByName("wirebox")
		if err != nil {
			return err
		}
		update := func(command libvirt.NetworkUpdateCommand, text string) error {
			return virt.NetworkUpdateCompat(network, command, libvirt.NetworkSectionIPDhcpRange, -1, text, affect)
		}
		return errors.Join(
			update(libvirt.NetworkUpdateCommandDelete, "<range start='192.168.122.100' end='192.168.122.240'/>"),
			update(libvirt.NetworkUpdateCommandAddLast, "<range start='192.168.122.50' end='192.168.122.60'/>"))
	})
}

// Others' networks and VMs come and go while they are asked about: those that are gone are nobody's obstacle.
func TestOthersComeAndGo(t *testing.T) {
	needRoot(t)
	clear(t)
	ctx, done := context.WithCancel(context.Background())
	var others sync.WaitGroup
	passing := func(comeAndGo func(*libvirt.Libvirt)) {
		_ = use(ctx, func(virt *libvirt.Libvirt) error {
			for ctx.Err() == nil {
				comeAndGo(virt)
			}
			return nil
		})
	}
	others.Go(func() {
		passing(func(virt *libvirt.Libvirt) {
			network, _ := virt.NetworkDefineXML("<network><name>passing</name></network>")
			_ = virt.NetworkUndefine(network)
		})
	})
	others.Go(func() {
		passing(func(virt *libvirt.Libvirt) {
			domain, _ := virt.DomainDefineXML("<domain type='qemu'><name>passing</name><memory>65536</memory><os><type arch='x86_64' machine='q35'>hvm</type></os></domain>")
			_ = virt.DomainUndefine(domain)
		})
	})
	defer others.Wait()
	defer done()
	f := usual()
	err := use(ctx, func(virt *libvirt.Libvirt) error {
		for range 300 {
			_, network := f.ask(virt)
			_, domain := hasDomains(virt)
			if err := errors.Join(network, domain); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
