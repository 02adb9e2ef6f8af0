package network

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// claimed finds what listens on this host where our rules lead to the VMs instead:
// SSH, TCP ports and, where calls are served here, UDP ports.
func (f *Fabric) claimed(ctx context.Context) error {
	ports := []uint16{80, 443}
	var calls error
	if f.Calling.IsValid() {
		ports = append(ports, stun)
		calls = callsClaimed(f.Spec.Media)
	}
	// Where nobody knows sshd's ports it does not listen, and taken finds who does.
	ssh, _ := sshPorts(ctx)
	captured := slices.DeleteFunc(slices.Clone(ports), func(port uint16) bool { return !slices.Contains(ssh, port) })
	errs := []error{calls}
	for _, port := range captured {
		errs = append(errs, SSHCaptured.Failf("SSH to this host is on port %d, which would lead to the VMs: nobody could log in any more", port))
	}
	return errors.Join(append(errs, taken(slices.DeleteFunc(ports, func(port uint16) bool { return slices.Contains(captured, port) })...))...)
}

// callsClaimed is a Failure where somebody else serves STUN or TURN, and a warning
// about other UDP sockets among the ports of calls. They are too many and too
// ordinary to refuse: answers to what they ask still come through.
func callsClaimed(media PortRange) error {
	sockets, err := udpListeners()
	if err != nil {
		return err
	}
	var errs []error
	var inRange, commands []string
	for _, s := range sockets {
		switch {
		case s.port == stun:
			errs = append(errs, PortTaken.Failf("UDP port %d is taken by %s", stun, s.owner()).By(stopping(s.processes, stun)))
		case s.port >= media.First && s.port <= media.Last && !servesBelow(sockets, s, media.First):
			inRange = append(inRange, fmt.Sprintf("%d by %s", s.port, s.owner()))
			if command := stopping(s.processes, s.port); command != "" && !slices.Contains(commands, command) {
				commands = append(commands, command)
			}
		}
	}
	if len(inRange) > 0 {
		errs = append(errs, PortTaken.Warnf("UDP ports of calls (network.media %s) are used on this host, and lead to the VMs for who comes from outside: %s",
			media, strings.Join(inRange, ", ")).By(strings.Join(commands, "; ")))
	}
	return errors.Join(errs...)
}

// udpListener is a UDP socket that takes packets from anybody.
type udpListener struct {
	port      uint16
	processes []string // directories in /proc; none for a socket of the kernel's, such as WireGuard's
}

// owner is who holds the socket.
func (u udpListener) owner() string {
	for _, process := range u.processes {
		if name := nameOf(process); name != "" {
			return fmt.Sprintf("%s (pid %s)", name, filepath.Base(process))
		}
	}
	return "the kernel"
}

// servesBelow says whether who holds the socket serves on a port below the limit:
// DNS resolvers, avahi, rpcbind and chrony do, and ask with sockets of any port.
func servesBelow(all []udpListener, u udpListener, limit uint16) bool {
	return slices.ContainsFunc(all, func(other udpListener) bool {
		return other.port < limit && slices.ContainsFunc(other.processes, func(process string) bool { return slices.Contains(u.processes, process) })
	})
}

// udpListeners are the UDP sockets that are neither connected nor on the loopback
// interface, sorted, one a port and holder. Those that come and go while we look
// are questions somebody asks; whoever had them open cannot be told any more.
func udpListeners() ([]udpListener, error) {
	before, err := unconnectedUDP()
	if err != nil {
		return nil, err
	}
	holding := holders()
	after, err := unconnectedUDP()
	if err != nil {
		return nil, err
	}
	var all []udpListener
	for cookie, socket := range after {
		if _, stayed := before[cookie]; stayed {
			all = append(all, udpListener{socket.ID.SourcePort, holding[socket.INode]})
		}
	}
	slices.SortFunc(all, func(a, b udpListener) int {
		return cmp.Or(cmp.Compare(a.port, b.port), slices.Compare(a.processes, b.processes))
	})
	return slices.CompactFunc(all, func(a, b udpListener) bool { return a.port == b.port && slices.Equal(a.processes, b.processes) }), nil
}

// unconnectedUDP are the UDP sockets that take packets from anybody beyond this
// host, by the kernel's cookie: no two ever have the same (sock_diag(7)).
func unconnectedUDP() (map[[2]uint32]*netlink.Socket, error) {
	const unconnected = 7 // TCP_CLOSE, as inet_diag says it of UDP
	found := map[[2]uint32]*netlink.Socket{}
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		sockets, err := netlink.SocketDiagUDP(family)
		if err != nil {
			return nil, fmt.Errorf("listing the UDP sockets: %w", err)
		}
		for _, socket := range sockets {
			if socket.State == unconnected && !socket.ID.Source.IsLoopback() {
				found[socket.ID.Cookie] = socket
			}
		}
	}
	return found, nil
}
