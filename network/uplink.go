package network

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Uplink is where the internet reaches this host.
type Uplink struct {
	WAN    string     // the interface
	Public netip.Addr // the address that clients use
}

// Uplink finds what the Spec leaves open: the interface of the default route,
// and that interface's first IPv4 address. The error is a Failure of kind
// NoUplink.
func (s *Spec) Uplink() (Uplink, error) {
	up := Uplink{WAN: s.WAN, Public: s.PublicAddress}
	if up.WAN == "" {
		name, err := defaultLink()
		if err != nil {
			return Uplink{}, NoUplink.Failf("the interface that faces the internet is not known: %w", err)
		}
		up.WAN = name
	}
	link, err := netlink.LinkByName(up.WAN)
	if err != nil {
		return Uplink{}, NoUplink.Failf("interface %s: %w", up.WAN, err)
	}
	if up.Public.IsValid() {
		return up, nil
	}
	addresses, err := netlink.AddrList(link, netlink.FAMILY_V4)
	if err != nil {
		return Uplink{}, NoUplink.Failf("addresses of %s: %w", up.WAN, err)
	}
	for _, found := range addresses {
		if address, ok := netip.AddrFromSlice(found.IP.To4()); ok && found.Scope == unix.RT_SCOPE_UNIVERSE {
			up.Public = address
			return up, nil
		}
	}
	return Uplink{}, NoUplink.Failf("interface %s has no IPv4 address", up.WAN)
}

// defaultLink is the interface of the default route with the least metric.
func defaultLink() (string, error) {
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return "", fmt.Errorf("reading the routes: %w", err)
	}
	var best *netlink.Route
	for i, route := range routes {
		if wide(route) && (best == nil || route.Priority < best.Priority) {
			best = &routes[i]
		}
	}
	if best == nil {
		return "", errors.New("there is no default route")
	}
	index := best.LinkIndex
	if index == 0 && len(best.MultiPath) > 0 {
		index = best.MultiPath[0].LinkIndex
	}
	link, err := netlink.LinkByIndex(index)
	if err != nil {
		return "", fmt.Errorf("the default route's interface: %w", err)
	}
	return link.Attrs().Name, nil
}

// wide says whether the route is a default route.
func wide(route netlink.Route) bool {
	if route.Dst == nil {
		return true
	}
	bits, _ := route.Dst.Mask.Size()
	return bits == 0
}
