package network

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
)

// sshPorts are the TCP ports on which this host's SSH server can be reached,
// sorted: those of running sshd processes or, where systemd listens in their place
// until somebody comes (Ubuntu since 22.10), those that sshd is configured for.
func sshPorts(ctx context.Context) ([]uint16, error) {
	ports, err := listenersOf("sshd")
	if err != nil || len(ports) > 0 {
		return ports, err
	}
	said, err := command(ctx, "/usr/sbin/sshd", "-T")
	if err != nil {
		return nil, fmt.Errorf("the port of this host's SSH server is not known: %w", err)
	}
	if ports = configured(said); len(ports) == 0 {
		return nil, errors.New("the port of this host's SSH server is not known: sshd -T names none")
	}
	return ports, nil
}

// listenersOf are the ports on which processes of this name listen for others than
// this host, sorted.
func listenersOf(name string) ([]uint16, error) {
	servers, err := heldSockets(netlink.SocketDiagTCP, listensToOthers)
	var ports []uint16
	for _, s := range servers {
		if s.heldBy(func(process string) bool { return nameOf(process) == name }) {
			ports = append(ports, s.ID.SourcePort)
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports), err
}

// configured are the ports in what `sshd -T` prints, sorted, but for those on the
// loopback interface.
func configured(said string) []uint16 {
	var ports []uint16
	for line := range strings.Lines(said) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if key != "listenaddress" {
			continue
		}
		if at, err := netip.ParseAddrPort(value); err == nil && !at.Addr().IsLoopback() {
			ports = append(ports, at.Port())
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}
