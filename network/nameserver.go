package network

import (
	"bytes"
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

// domain is the port of name servers.
const domain = 53

// nameServer is a socket that answers on the port of name servers.
type nameServer struct {
	at      net.IP
	holders []string // directories in /proc
}

// answered finds name servers of others on the bridge's address, where libvirt's own
// dnsmasq is to answer the VMs: a Failure while that does not run, for it could not
// start; else a Warning, for it could not start again.
func (f *Fabric) answered() error {
	servers, err := nameServers()
	if err != nil {
		return err
	}
	bridge := f.Spec.nth(1)
	ours := false
	var found []string
	for _, s := range servers {
		switch {
		case !s.covers(bridge):
		case s.libvirts():
			ours = true
		default:
			found = append(found, fmt.Sprintf("%s on %s", s.owner(), net.JoinHostPort(s.at.String(), fmt.Sprint(domain))))
		}
	}
	if len(found) == 0 {
		return nil
	}
	slices.Sort(found)
	cause := fmt.Sprintf("name servers answer on the VMs' bridge %s (%s), where libvirt's has to: %s", f.Spec.Bridge, bridge, strings.Join(slices.Compact(found), ", "))
	if ours {
		return NameServerClash.Warnf("%s", cause)
	}
	return NameServerClash.Failf("%s", cause)
}

// covers says whether the socket takes what is sent to the address.
func (s nameServer) covers(address netip.Addr) bool {
	return s.at.IsUnspecified() || s.at.Equal(address.AsSlice())
}

// libvirts says whether it is a dnsmasq that libvirt started for one of its networks.
func (s nameServer) libvirts() bool {
	return slices.ContainsFunc(s.holders, func(process string) bool {
		line, err := os.ReadFile(filepath.Join(process, "cmdline"))
		return err == nil && bytes.Contains(line, []byte("--conf-file=/var/lib/libvirt/dnsmasq/"))
	})
}

func (s nameServer) owner() string {
	for _, process := range s.holders {
		if name := nameOf(process); name != "" {
			return fmt.Sprintf("%s (pid %s)", name, filepath.Base(process))
		}
	}
	return "a program"
}

// nameServers are the sockets of this host, UDP and TCP, that name servers answer on.
func nameServers() ([]nameServer, error) {
	holding := holders()
	var all []nameServer
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		udp, err := netlink.SocketDiagUDP(family)
		if err != nil {
			return nil, fmt.Errorf("listing the UDP sockets: %w", err)
		}
		tcp, err := netlink.SocketDiagTCP(family)
		if err != nil {
			return nil, fmt.Errorf("listing the TCP sockets: %w", err)
		}
		tcp = slices.DeleteFunc(tcp, func(s *netlink.Socket) bool { return s.State != listening })
		for _, socket := range append(udp, tcp...) {
			if socket.ID.SourcePort == domain {
				all = append(all, nameServer{socket.ID.Source, holding[socket.INode]})
			}
		}
	}
	return all, nil
}
