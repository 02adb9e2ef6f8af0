package network

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
)

// taken is a Failure per TCP port that a program on this host listens on, other
// than on the loopback interface alone, where our rules take nothing away.
func taken(ports ...uint16) error {
	servers, err := heldSockets(netlink.SocketDiagTCP, func(s *netlink.Socket) bool { return listensToOthers(s) && slices.Contains(ports, s.ID.SourcePort) })
	if err != nil {
		return err
	}
	var errs []error
	for _, s := range servers {
		port := s.ID.SourcePort
		errs = append(errs, PortTaken.Failf("port %d is taken: %s listens on %s", port, s.owner(), net.JoinHostPort(s.ID.Source.String(), fmt.Sprint(port))).
			By(stopping(s.processes, port)))
	}
	return errors.Join(errs...)
}

// listensToOthers says whether a TCP socket takes connections from beyond this host.
func listensToOthers(s *netlink.Socket) bool {
	return s.State == listening && !s.ID.Source.IsLoopback()
}

// Listens says whether a program of this host takes TCP connections at the address.
func Listens(at netip.AddrPort) (bool, error) {
	found, err := sockets(netlink.SocketDiagTCP, func(s *netlink.Socket) bool {
		here := s.ID.Source.IsUnspecified() || s.ID.Source.Equal(at.Addr().AsSlice())
		return s.State == listening && s.ID.SourcePort == at.Port() && here
	})
	return len(found) > 0, err
}
