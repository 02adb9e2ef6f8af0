package vm

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/digitalocean/go-libvirt"
	"github.com/google/go-cmp/cmp"
	"libvirt.org/go/libvirtxml"
)

func TestRoomMendsDrift(t *testing.T) {
	g := furnished(t)
	g.Machines = g.Machines[:1]
	m := g.Machines[0]
	if err := apply(g.changes(t)); err != nil {
		t.Fatal(err)
	}
	call := func(do func(*libvirt.Libvirt, libvirt.Domain) error) func(t *testing.T) {
		return func(t *testing.T) {
			g.do(t, func(virt *libvirt.Libvirt) error {
				domain, err := virt.DomainLookupByName(m.Name)
				if err != nil {
					return err
				}
				return do(virt, domain)
			})
		}
	}
	off := call(func(virt *libvirt.Libvirt, d libvirt.Domain) error { return virt.DomainDestroy(d) })
	for _, tc := range []struct {
		name  string
		drift func(t *testing.T)
		want  string
	}{
		{"no autostart", call(func(virt *libvirt.Libvirt, d libvirt.Domain) error { return virt.DomainSetAutostart(d, 0) }),
			"update domain assethost: it does not start with the host"},
		{"shut off", off, "start domain assethost: it is shut off: somebody cut it off (virsh destroy)"},
		{"paused", call(func(virt *libvirt.Libvirt, d libvirt.Domain) error { return virt.DomainSuspend(d) }),
			"start domain assethost: it is paused: somebody paused it (virsh suspend)"},
		{"undefined while it runs", call(func(virt *libvirt.Libvirt, d libvirt.Domain) error { return virt.DomainUndefine(d) }),
			"update domain assethost: its definition is gone (virsh undefine); it does not start with the host"},
		{"half its devices taken out", func(t *testing.T) {
			off(t)
			g.redefine(t, m.Name, func(d *libvirtxml.Domain) {
				d.CPU.Model.Value, d.OnReboot = "Nehalem", "destroy"
				d.Devices.Interfaces, d.Devices.RNGs, d.Devices.Serials, d.Devices.Consoles = nil, nil, nil, nil
			})
		}, "update domain assethost: CPU is Nehalem, configured qemu64; what follows a reboot is destroy, configured restart; MAC address is none, configured " + m.MAC +
			"; network is none, configured isolated; console's log is none, configured " + g.paths(m).console +
			"; it has no source of random numbers; it is shut off: somebody cut it off (virsh destroy)"},
		{"unplugged", func(t *testing.T) {
			off(t)
			g.redefine(t, m.Name, func(d *libvirtxml.Domain) {
				d.Devices.Interfaces[0].Link = &libvirtxml.DomainInterfaceLink{State: "down"}
			})
		}, "update domain assethost: its network interface is unplugged; it is shut off: somebody cut it off (virsh destroy)"},
		{"larger", func(t *testing.T) {
			off(t)
			g.Machines[0].Memory, g.Machines[0].CPUs, g.Machines[0].Disk = 320*MiB, 2, 2*GiB
		}, "update domain assethost: memory is 256MiB, configured 320MiB; CPUs is 1, configured 2; disk is 1GiB, configured 2GiB; it is shut off: somebody cut it off (virsh destroy)"},
		{"new keys", func(t *testing.T) {
			off(t)
			g.Keys = func(string) (Keys, error) { return keys("another") }
		}, "update domain assethost: its seed changed; it is shut off: somebody cut it off (virsh destroy)"},
		{"disk open to others", func(t *testing.T) {
			if err := os.Chmod(g.paths(m).disk, 0o644); err != nil {
				t.Fatal(err)
			}
		}, "update domain assethost: others may read its disk"},
		{"seed gone", func(t *testing.T) {
			if err := os.Remove(g.paths(m).seed); err != nil {
				t.Fatal(err)
			}
		}, "update domain assethost: its seed changed"},
		{"disk gone", func(t *testing.T) {
			off(t)
			if err := os.Remove(g.paths(m).disk); err != nil {
				t.Fatal(err)
			}
		}, "create domain assethost: its disk is missing"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.drift(t)
			changes := g.changes(t)
			if diff := cmp.Diff([]string{tc.want}, lines(changes)); diff != "" {
				t.Fatalf("plan (-want +got):\n%s", diff)
			}
			if err := apply(changes); err != nil {
				t.Fatal(err)
			}
			if left := g.plan(t); len(left) != 0 {
				t.Errorf("left after mending: %q", left)
			}
		})
	}
	if size, _ := diskInfo(t, g.paths(m).disk); size != 2*GiB {
		t.Errorf("disk is %s, want 2GiB", size)
	}
}

// redefine changes the machine's definition behind our back.
func (g *guests) redefine(t *testing.T, name string, edit func(*libvirtxml.Domain)) {
	t.Helper()
	g.do(t, func(virt *libvirt.Libvirt) error {
		domain, err := virt.DomainLookupByName(name)
		if err != nil {
			return err
		}
		definition, err := describe(virt, domain, libvirt.DomainXMLInactive)
		if err != nil {
			return err
		}
		edit(definition)
		text, err := definition.Marshal()
		if err != nil {
			return err
		}
		_, err = virt.DomainDefineXML(text)
		return err
	})
}

func TestHalted(t *testing.T) {
	for _, tc := range []struct {
		name   string
		state  libvirt.DomainState
		reason int32
		want   string
	}{
		{"running", libvirt.DomainRunning, 1, ""},
		{"shut off, why is forgotten", libvirt.DomainShutoff, int32(libvirt.DomainShutoffUnknown), "it is shut off"},
		{"shut down", libvirt.DomainShutoff, int32(libvirt.DomainShutoffShutdown), "it is shut off: its guest shut down"},
		{"QEMU crashed", libvirt.DomainShutoff, int32(libvirt.DomainShutoffCrashed), "it is shut off: its guest or QEMU crashed"},
		{"saved", libvirt.DomainShutoff, int32(libvirt.DomainShutoffSaved), "it is shut off: somebody saved its memory (virsh managedsave), which is taken up again"},
		{"full file system", libvirt.DomainPaused, int32(libvirt.DomainPausedIoerror), "it is paused: its disk could not be read or written, for which a full file system is the usual cause"},
		{"paused by hand", libvirt.DomainPaused, int32(libvirt.DomainPausedUser), "it is paused: somebody paused it (virsh suspend)"},
		{"crashed", libvirt.DomainCrashed, 1, "it has crashed"},
		{"suspended", libvirt.DomainPmsuspended, 0, "it is suspended"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			is := standing{state: tc.state, reason: tc.reason}
			if got := is.halted(); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// A configuration that changes while the machine runs is seen in what runs,
// even when the definition was already rewritten before an interruption.
func TestRoomRestartsWhatRunsStale(t *testing.T) {
	g := furnished(t)
	g.Machines = g.Machines[:1]
	if err := apply(g.changes(t)); err != nil {
		t.Fatal(err)
	}
	g.Machines[0].Memory = 320 * MiB
	want, err := g.want(g.Machines[0])
	if err != nil {
		t.Fatal(err)
	}
	is, err := g.observe(context.Background(), g.Machines[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := g.define(context.Background(), is, want); err != nil {
		t.Fatal(err)
	}
	plan := []string{"update domain assethost: memory is 256MiB, configured 320MiB; it will be restarted"}
	changes := g.changes(t)
	if diff := cmp.Diff(plan, lines(changes)); diff != "" {
		t.Fatalf("plan after an interrupted update (-want +got):\n%s", diff)
	}
	if changes[0].Concurrent {
		t.Error("machines that run are restarted side by side")
	}
}

func TestRestarts(t *testing.T) {
	want := wanted{Machine: small().Machines("test", subnet)[0]}
	for _, tc := range []struct {
		name string
		is   standing
		want bool
	}{
		{"runs", standing{state: libvirt.DomainRunning, disk: GiB}, false},
		{"runs on a deleted disk", standing{state: libvirt.DomainRunning}, true},
		{"has crashed and kept its process", standing{state: libvirt.DomainPaused, reason: int32(libvirt.DomainPausedCrashed), disk: GiB}, true},
		{"is paused", standing{state: libvirt.DomainPaused, reason: int32(libvirt.DomainPausedUser), disk: GiB}, false},
		{"is shutting down", standing{state: libvirt.DomainShutdown, disk: GiB}, true},
		{"is shut off", standing{state: libvirt.DomainShutoff}, false},
		{"does not exist", standing{}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.is.restarts(want); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestRoomGoesOnAfterAnInterruption(t *testing.T) {
	for _, tc := range []struct {
		name string
		stop func(t *testing.T, g *guests, want wanted)
	}{
		{"defined only", func(*testing.T, *guests, wanted) {}},
		{"half a disk", func(t *testing.T, _ *guests, want wanted) {
			if err := os.MkdirAll(filepath.Dir(want.disk), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(partial(want.disk), []byte("QFI"), 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		{"never started", func(t *testing.T, g *guests, want wanted) {
			is, err := g.observe(context.Background(), want.Machine)
			if err != nil {
				t.Fatal(err)
			}
			if err := g.furnish(context.Background(), is, want); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := furnished(t)
			g.Machines = g.Machines[1:2]
			want, err := g.want(g.Machines[0])
			if err != nil {
				t.Fatal(err)
			}
			if err := g.define(context.Background(), &standing{}, want); err != nil {
				t.Fatal(err)
			}
			tc.stop(t, g, want)
			if err := g.Check(context.Background()); err != nil {
				t.Errorf("what is half made is refused: %v", err)
			}
			if err := apply(g.changes(t)); err != nil {
				t.Fatal(err)
			}
			if left := g.plan(t); len(left) != 0 {
				t.Errorf("left: %q", left)
			}
			if _, err := os.Stat(partial(want.disk)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("half a disk is left: %v", err)
			}
		})
	}
}
