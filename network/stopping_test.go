package network

import (
	"net"
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
	groups, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	if want := stopping([]string{"/proc/self"}, 3478); unitOf(string(groups)) == "" && !strings.HasPrefix(want, "kill ") || found[0].Command == PortTaken.Command {
		t.Errorf("the command is %q", found[0].Command)
	}
}
