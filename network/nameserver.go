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
)

// domain is the port of name servers.
const domain = 53

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
		case s.heldBy(libvirtsDNS):
			ours = true
		default:
			found = append(found, fmt.Sprintf("%s on %s", s.owner(), net.JoinHostPort(s.ID.Source.String(), fmt.Sprint(domain))))
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
func (h held) covers(address netip.Addr) bool {
	return h.ID.Source.IsUnspecified() || h.ID.Source.Equal(address.AsSlice())
}

// libvirtsDNS says whether the process is a dnsmasq that libvirt started for one of its networks.
func libvirtsDNS(process string) bool {
	line, err := os.ReadFile(filepath.Join(process, "cmdline"))
	return err == nil && bytes.Contains(line, []byte("--conf-file=/var/lib/libvirt/dnsmasq/"))
}

// nameServers are the sockets of this host, UDP and TCP, that name servers answer on.
func nameServers() ([]held, error) {
	udp, err := heldSockets(netlink.SocketDiagUDP, func(s *netlink.Socket) bool { return s.ID.SourcePort == domain })
	if err != nil {
		return nil, err
	}
	tcp, err := heldSockets(netlink.SocketDiagTCP, func(s *netlink.Socket) bool { return s.State == listening && s.ID.SourcePort == domain })
	return append(udp, tcp...), err
}
