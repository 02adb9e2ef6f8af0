package network

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// The kernel's states of a TCP socket; inet_diag says of UDP that it is established (connected) or closed (not).
const (
	established = 1  // TCP_ESTABLISHED
	closed      = 7  // TCP_CLOSE
	listening   = 10 // TCP_LISTEN
)

// lister lists the sockets of a protocol: netlink.SocketDiagTCP or SocketDiagUDP.
type lister func(family uint8) ([]*netlink.Socket, error)

// sockets are this host's, IPv4 and IPv6, that are as asked for.
func sockets(list lister, asked func(*netlink.Socket) bool) ([]*netlink.Socket, error) {
	var all []*netlink.Socket
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		found, err := list(family)
		if err != nil {
			return nil, fmt.Errorf("listing the sockets of this host: %w", err)
		}
		for _, socket := range found {
			if asked(socket) {
				all = append(all, socket)
			}
		}
	}
	return all, nil
}

// held is a socket with who has it open.
type held struct {
	*netlink.Socket
	processes []string // directories in /proc; none for a socket of the kernel's, such as WireGuard's
}

// heldSockets are the sockets with their holders, who are found elsewhere and later. So those that come or go while we look
// are left out: who had them open cannot be told any more.
func heldSockets(list lister, asked func(*netlink.Socket) bool) ([]held, error) {
	before, err := sockets(list, asked)
	if err != nil {
		return nil, err
	}
	holding := holders()
	after, err := sockets(list, asked)
	if err != nil {
		return nil, err
	}
	stayed := cookies(before)
	var all []held
	for _, socket := range after {
		if stayed[socket.ID.Cookie] {
			all = append(all, held{socket, holding[socket.INode]})
		}
	}
	return all, nil
}

// cookies are the kernel's numbers of the sockets: no two ever have the same (sock_diag(7)).
func cookies(of []*netlink.Socket) map[[2]uint32]bool {
	all := map[[2]uint32]bool{}
	for _, socket := range of {
		all[socket.ID.Cookie] = true
	}
	return all
}

// owner is who has the socket open, in words.
func (h held) owner() string {
	for _, process := range h.processes {
		if name := nameOf(process); name != "" {
			return fmt.Sprintf("%s (pid %s)", name, filepath.Base(process))
		}
	}
	if len(h.processes) == 0 {
		return "the kernel"
	}
	return "a program that has ended"
}

// heldBy says whether one of the socket's holders is as asked for.
func (h held) heldBy(asked func(process string) bool) bool {
	return slices.ContainsFunc(h.processes, asked)
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
