package network

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// lease is a part of a network's DHCP: a range of addresses for strangers, or a
// reservation. Both can change while the network runs; for a range libvirt starts
// its DHCP server anew.
type lease struct {
	section libvirt.NetworkUpdateSection
	what    string
	text    string // as libvirt takes it
}

// leases are a network's ranges and reservations, sorted.
func leases(n *libvirtxml.Network) ([]lease, error) {
	var all []lease
	for _, ip := range n.IPs {
		if ip.DHCP == nil {
			continue
		}
		for _, r := range ip.DHCP.Ranges {
			text, err := (&libvirtxml.NetworkDHCPRange{Start: r.Start, End: r.End}).Marshal()
			if err != nil {
				return nil, err
			}
			all = append(all, lease{libvirt.NetworkSectionIPDhcpRange, r.Start + "-" + r.End, text})
		}
		for _, h := range ip.DHCP.Hosts {
			text, err := (&libvirtxml.NetworkDHCPHost{MAC: h.MAC, Name: h.Name, IP: h.IP}).Marshal()
			if err != nil {
				return nil, err
			}
			all = append(all, lease{libvirt.NetworkSectionIPDhcpHost, h.IP + " for " + h.MAC, text})
		}
	}
	slices.SortFunc(all, func(a, b lease) int { return cmp.Or(cmp.Compare(a.section, b.section), cmp.Compare(a.text, b.text)) })
	return all, nil
}

// compareLeases lists where the DHCP of a network differs from the wanted one.
func compareLeases(is, want []lease) []string {
	var reasons []string
	for _, missing := range without(want, is) {
		reason := "its reservations differ"
		if missing.section == libvirt.NetworkSectionIPDhcpRange {
			reason = "its DHCP range is not " + missing.what
		}
		reasons = append(reasons, reason)
	}
	if len(reasons) == 0 && !slices.Equal(is, want) {
		reasons = append(reasons, "its DHCP knows more than it should")
	}
	return reasons
}

// without are those of the first list that the second lacks.
func without(these, those []lease) []lease {
	return slices.DeleteFunc(slices.Clone(these), func(l lease) bool { return slices.Contains(those, l) })
}

// lend brings a network's DHCP up to date without a restart, in what runs or what is
// defined or both. The surplus goes first: an address or a name may move from one
// MAC to another.
func lend(virt *libvirt.Libvirt, network libvirt.Network, is, want []lease, affect libvirt.NetworkUpdateFlags) error {
	for _, step := range []struct {
		command libvirt.NetworkUpdateCommand
		leases  []lease
	}{
		{libvirt.NetworkUpdateCommandDelete, without(is, want)},
		{libvirt.NetworkUpdateCommandAddLast, without(want, is)},
	} {
		for _, l := range step.leases {
			if err := virt.NetworkUpdateCompat(network, step.command, l.section, -1, l.text, affect); err != nil {
				return fmt.Errorf("DHCP's %s: %w", l.what, err)
			}
		}
	}
	return nil
}
