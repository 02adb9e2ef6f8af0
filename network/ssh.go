package network

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
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
// this host.
func listenersOf(name string) ([]uint16, error) {
	holding := holders()
	var ports []uint16
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		sockets, err := netlink.SocketDiagTCP(family)
		if err != nil {
			return nil, fmt.Errorf("listing the TCP sockets: %w", err)
		}
		for _, socket := range sockets {
			if socket.State == listening && !socket.ID.Source.IsLoopback() &&
				slices.ContainsFunc(holding[socket.INode], func(process string) bool { return nameOf(process) == name }) {
				ports = append(ports, socket.ID.SourcePort)
			}
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports), nil
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
