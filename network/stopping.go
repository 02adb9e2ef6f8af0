package network

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"al.essio.dev/pkg/shellescape"
)

// stopping is the command that has the first of the processes, given by their directories in
// /proc, give up a port; empty if none of them is known any more.
func stopping(processes []string, port uint16) string {
	for _, process := range processes {
		if name := nameOf(process); name != "" {
			groups, _ := os.ReadFile(filepath.Join(process, "cgroup")) // none: it is no service
			return stops(name, filepath.Base(process), unitOf(string(groups)), port)
		}
	}
	return ""
}

// stops is that command for a process of this name, which belongs to a unit of systemd or to none.
func stops(name, pid, unit string, port uint16) string {
	switch {
	case name == "docker-proxy":
		return fmt.Sprintf("docker stop $(docker ps --quiet --filter publish=%d)", port)
	case pid == "1":
		return fmt.Sprintf("systemctl list-sockets | grep :%d", port) // it listens for a service that does not run yet
	case unit != "":
		return "systemctl disable --now " + shellescape.Quote(unit)
	default:
		return "kill " + pid
	}
}

// unitOf is the service that a process belongs to by the text of its cgroup in /proc (cgroups(7)); empty if none.
func unitOf(groups string) string {
	for line := range strings.Lines(groups) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 || fields[1] != "" && fields[1] != "name=systemd" {
			continue
		}
		if unit := path.Base(fields[2]); strings.HasPrefix(fields[2], "/system.slice/") && strings.HasSuffix(unit, ".service") {
			return unit
		}
	}
	return ""
}
