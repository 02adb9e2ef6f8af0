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
	const unknown = "a program"
	open, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return unknown
	}
	socket := fmt.Sprintf("socket:[%d]", inode)
	for _, fd := range open {
		if target, err := os.Readlink(fd); err != nil || target != socket {
			continue
		}
		process := filepath.Dir(filepath.Dir(fd))
		name, err := os.ReadFile(filepath.Join(process, "comm"))
		if err != nil {
			return unknown
		}
		return fmt.Sprintf("%s (pid %s)", strings.TrimSpace(string(name)), filepath.Base(process))
	}
	return unknown
}
