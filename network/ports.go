package network

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// listening is the kernel's TCP_LISTEN.
const listening = 10

// taken is a Failure per TCP port that a program on this host listens on, other
// than on the loopback interface alone, where our rules take nothing away.
func taken(ports ...uint16) error {
	var errs []error
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		sockets, err := netlink.SocketDiagTCP(family)
		if err != nil {
			return fmt.Errorf("listing the TCP sockets: %w", err)
		}
		for _, socket := range sockets {
			if socket.State != listening || !slices.Contains(ports, socket.ID.SourcePort) || socket.ID.Source.IsLoopback() {
				continue
			}
			where := net.JoinHostPort(socket.ID.Source.String(), fmt.Sprint(socket.ID.SourcePort))
			errs = append(errs, PortTaken.Failf("port %d is taken: %s listens on %s", socket.ID.SourcePort, program(socket.INode), where))
		}
	}
	return errors.Join(errs...)
}

// program is the name of the process that holds the socket.
func program(inode uint32) string {
	for _, process := range holders()[inode] {
		if name := nameOf(process); name != "" {
			return fmt.Sprintf("%s (pid %s)", name, filepath.Base(process))
		}
	}
	return "a program"
}

// holders are the processes that have each socket open, by their directories in /proc.
func holders() map[uint32][]string {
	found := map[uint32][]string{}
	open, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return nil
	}
	for _, fd := range open {
		var inode uint32
		if target, err := os.Readlink(fd); err != nil {
			continue // it has ended
		} else if _, err := fmt.Sscanf(target, "socket:[%d]", &inode); err == nil {
			found[inode] = append(found[inode], filepath.Dir(filepath.Dir(fd)))
		}
	}
	return found
}

// nameOf is the name of the process of this directory in /proc; empty if it has ended.
func nameOf(process string) string {
	name, err := os.ReadFile(filepath.Join(process, "comm"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(name))
}
