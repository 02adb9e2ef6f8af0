package network

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
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
		port := s.ID.SourcePort
		switch {
		case port == stun:
			errs = append(errs, PortTaken.Failf("UDP port %d is taken by %s", stun, s.owner()).By(stopping(s.processes, stun)))
		case port >= media.First && port <= media.Last && !servesBelow(sockets, s, media.First):
			inRange = append(inRange, fmt.Sprintf("%d by %s", port, s.owner()))
			if command := stopping(s.processes, port); command != "" && !slices.Contains(commands, command) {
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

// servesBelow says whether who holds the socket serves on a port below the limit:
// DNS resolvers, avahi, rpcbind and chrony do, and ask with sockets of any port.
func servesBelow(all []held, u held, limit uint16) bool {
	return slices.ContainsFunc(all, func(other held) bool {
		return other.ID.SourcePort < limit && other.heldBy(func(process string) bool { return slices.Contains(u.processes, process) })
	})
}

// udpListeners are the UDP sockets that take packets from anybody beyond this host,
// sorted, one a port and holder.
func udpListeners() ([]held, error) {
	all, err := heldSockets(netlink.SocketDiagUDP, func(s *netlink.Socket) bool { return s.State == closed && !s.ID.Source.IsLoopback() })
	slices.SortFunc(all, func(a, b held) int {
		return cmp.Or(cmp.Compare(a.ID.SourcePort, b.ID.SourcePort), slices.Compare(a.processes, b.processes))
	})
	return slices.CompactFunc(all, func(a, b held) bool {
		return a.ID.SourcePort == b.ID.SourcePort && slices.Equal(a.processes, b.processes)
	}), err
}
