package network

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"

	"wiabctl/provision/change"
)

func TestStops(t *testing.T) {
	for _, tc := range []struct{ name, comm, pid, groups, want string }{
		{"a service", "nginx", "812", "0::/system.slice/nginx.service\n", "systemctl disable --now nginx.service"},
		{"a service of the hybrid hierarchy", "nginx", "812", "4:memory:/a\n1:name=systemd:/system.slice/nginx.service\n0::/\n", "systemctl disable --now nginx.service"},
		{"an escaped name", "x", "812", `0::/system.slice/system-web.slice/web@a\x2db.service`, `systemctl disable --now 'web@a\x2db.service'`},
		{"a program of a login", "python3", "4711", "0::/user.slice/user-0.slice/session-1.scope\n", "kill 4711"},
		{"a user's own service", "caddy", "4711", "0::/user.slice/user-0.slice/user@0.service/app.slice/caddy.service\n", "kill 4711"},
		{"docker's port", "docker-proxy", "99", "0::/system.slice/docker.service\n", "docker stop $(docker ps --quiet --filter publish=443)"},
		{"a socket of systemd's", "systemd", "1", "0::/init.scope\n", "systemctl list-sockets | grep :443"},
		{"no cgroups", "nc", "7", "", "kill 7"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := stops(tc.comm, tc.pid, unitOf(tc.groups), 443); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

// TestTakenNames has this very process listen, and wants it named with what ends it.
func TestTakenNames(t *testing.T) {
	listener, err := net.Listen("tcp", "0.0.0.0:3478")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	found := change.Failures(taken(3478))
	if len(found) != 1 || found[0].ID != PortTaken.ID || !strings.Contains(found[0].Cause, "port 3478 is taken: ") {
		t.Fatalf("found %v", found)
	}
	if want := stopping([]string{fmt.Sprintf("/proc/%d", os.Getpid())}, 3478); want == "" || found[0].Remedy != want {
		t.Errorf("the command is %q, want %q", found[0].Remedy, want)
	}
	if command := stopping([]string{"/proc/none"}, 3478); command != "" {
		t.Errorf("nobody is ended by %q", command)
	}
}

func TestListens(t *testing.T) {
	listener, err := net.Listen("tcp4", "203.0.113.10:3478")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	connected, err := net.Dial("tcp4", "203.0.113.10:3478")
	if err != nil {
		t.Fatal(err)
	}
	defer connected.Close()
	client := netip.MustParseAddrPort(connected.LocalAddr().String())
	for at, want := range map[netip.AddrPort]bool{
		netip.MustParseAddrPort("203.0.113.10:3478"): true,
		netip.MustParseAddrPort("127.0.0.1:3478"):    false,
		netip.MustParseAddrPort("203.0.113.10:3479"): false,
		client: false, // it is connected
	} {
		if got, err := Listens(at); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", at, got, err, want)
		}
	}
	everywhere, err := net.Listen("tcp", ":3480")
	if err != nil {
		t.Fatal(err)
	}
	defer everywhere.Close()
	if got, err := Listens(netip.MustParseAddrPort("127.0.0.1:3480")); err != nil || !got {
		t.Errorf("who listens everywhere: %v, %v", got, err)
	}
}
