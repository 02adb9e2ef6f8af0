package network

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
	"libvirt.org/go/libvirtxml"

	"wiabctl/provision/change"
)

// occupied is an IPv4 range that somebody else on this host uses.
type occupied struct {
	prefix netip.Prefix
	by     string // continues the prefix: " of …", ", which …"
}

// occupied lists the ranges that are in use: by libvirt's networks, active or not,
// by routes, by addresses of interfaces that are down and have no route, and by
// docker's networks, as far as docker runs. A Warning tells that docker cannot be
// asked.
func (f *Fabric) occupied(ctx context.Context, is *standing) (all []occupied, err error) {
	for _, other := range is.strangers {
		for _, ip := range other.IPs {
			all = append(all, occupied{prefixOf(ip), " of libvirt's network " + other.Name})
		}
	}
	own := func(link string) bool { return link == f.Spec.Bridge || is.accounts(link) }
	routed, err := routeRanges(own)
	if err != nil {
		return nil, err
	}
	addressed, err := linkRanges(own)
	if err != nil {
		return nil, err
	}
	all = append(all, routed...)
	for _, found := range addressed {
		if !slices.ContainsFunc(routed, func(r occupied) bool { return r.prefix == found.prefix }) {
			all = append(all, found)
		}
	}
	nets, err := dockerNetworks(ctx)
	if err != nil {
		err = SubnetClash.Warnf("docker does not tell which ranges its networks have: %w", err)
	}
	all = append(all, nets...)
	return slices.DeleteFunc(all, func(o occupied) bool { return !o.prefix.IsValid() || !o.prefix.Addr().Is4() }), err
}

// routeRanges are the ranges that the kernel's tables have a way to, but for the default
// routes and those through links that are left out. Where nothing is reached (a
// blackhole for all private ranges, say), nothing is taken away.
func routeRanges(without func(link string) bool) ([]occupied, error) {
	found, err := steady(func() ([]netlink.Route, error) {
		return netlink.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Table: unix.RT_TABLE_UNSPEC, Type: unix.RTN_UNICAST}, netlink.RT_FILTER_TABLE|netlink.RT_FILTER_TYPE)
	})
	if err != nil {
		return nil, fmt.Errorf("reading the routes: %w", err)
	}
	var all []occupied
	for _, route := range found {
		if wide(route) {
			continue
		}
		if link := linkOf(route); !without(link) {
			all = append(all, occupied{prefixOfNet(route.Dst), ", which this host reaches through " + link})
		}
	}
	return all, nil
}

// linkRanges are the ranges of the interfaces' addresses.
func linkRanges(without func(link string) bool) ([]occupied, error) {
	links, err := steady(netlink.LinkList)
	if err != nil {
		return nil, fmt.Errorf("listing the interfaces: %w", err)
	}
	found, err := addresses(nil)
	if err != nil {
		return nil, fmt.Errorf("listing the addresses: %w", err)
	}
	var all []occupied
	for _, address := range found {
		name := "an interface that is gone"
		if at := slices.IndexFunc(links, func(l netlink.Link) bool { return l.Attrs().Index == address.LinkIndex }); at >= 0 {
			name = links[at].Attrs().Name
		}
		if !without(name) {
			all = append(all, occupied{prefixOfNet(address.IPNet), " of the interface " + name})
		}
	}
	return all, nil
}

// linkOf names the interface of a route, or of the first of several ways.
func linkOf(route netlink.Route) string {
	index := route.LinkIndex
	if index == 0 && len(route.MultiPath) > 0 {
		index = route.MultiPath[0].LinkIndex
	}
	link, err := netlink.LinkByIndex(index)
	if err != nil {
		return "an interface that is gone"
	}
	return link.Attrs().Name
}

// prefixOfNet is the range of an address with its mask.
func prefixOfNet(of *net.IPNet) netip.Prefix {
	address, ok := netip.AddrFromSlice(of.IP.To4())
	if !ok {
		return netip.Prefix{}
	}
	bits, _ := of.Mask.Size()
	return netip.PrefixFrom(address, bits).Masked()
}

// prefixOf is the subnet of a libvirt network's address; zero if it has none.
func prefixOf(ip libvirtxml.NetworkIP) netip.Prefix {
	address, err := netip.ParseAddr(ip.Address)
	if err != nil {
		return netip.Prefix{}
	}
	bits := int(ip.Prefix)
	if mask, err := netip.ParseAddr(ip.Netmask); err == nil && mask.Is4() {
		bits, _ = net.IPMask(mask.AsSlice()).Size()
	}
	return netip.PrefixFrom(address, bits).Masked()
}

// clash is a Failure that names everything whose range overlaps the subnet, and a
// range that nothing overlaps.
func (f *Fabric) clash(ctx context.Context, is *standing) error {
	all, unsure := f.occupied(ctx, is)
	if _, err := change.Warnings(unsure); err != nil {
		return err
	}
	var overlaps []string
	for _, o := range all {
		if o.prefix.Overlaps(f.Spec.Subnet) {
			overlaps = append(overlaps, fmt.Sprintf("%s%s", o.prefix, o.by))
		}
	}
	if len(overlaps) == 0 {
		return unsure
	}
	cause := fmt.Sprintf("%s overlaps %s", f.Spec.Subnet, strings.Join(slices.Compact(overlaps), "; and "))
	if free := free(all); free.IsValid() {
		cause += fmt.Sprintf(". %s is free: set network.subnet: %s", free, free)
	}
	return SubnetClash.Failf("%s", cause)
}

// free is the first range that nobody uses, of those next to libvirt's usual one
// and then of those that few choose; zero if there is none.
func free(all []occupied) netip.Prefix {
	var candidates []netip.Prefix
	for third := 123; third < 255; third++ {
		candidates = append(candidates, netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 168, byte(third)}), 24))
	}
	for second := 122; second < 255; second++ {
		candidates = append(candidates, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(second)}), 24))
	}
	for _, candidate := range candidates {
		if !slices.ContainsFunc(all, func(o occupied) bool { return o.prefix.Overlaps(candidate) }) {
			return candidate
		}
	}
	return netip.Prefix{}
}
