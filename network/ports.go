package network

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
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
	holding := holders()
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
			errs = append(errs, PortTaken.Failf("port %d is taken: %s listens on %s", socket.ID.SourcePort, program(holding[socket.INode]), where).
				By(stopping(holding[socket.INode], socket.ID.SourcePort)))
		}
	}
	return errors.Join(errs...)
}

// Listens says whether a program of this host takes TCP connections at the address.
func Listens(at netip.AddrPort) (bool, error) {
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		sockets, err := netlink.SocketDiagTCP(family)
		if err != nil {
			return false, fmt.Errorf("listing the TCP sockets: %w", err)
		}
		for _, socket := range sockets {
			here := socket.ID.Source.IsUnspecified() || socket.ID.Source.Equal(at.Addr().AsSlice())
			if socket.State == listening && socket.ID.SourcePort == at.Port() && here {
				return true, nil
			}
		}
	}
	return false, nil
}

// program is the name of the first of the processes, given by their directories in /proc.
func program(processes []string) string {
	for _, process := range processes {
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
