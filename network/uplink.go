package network

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Uplink is where the internet reaches this host.
type Uplink struct {
	WAN    Links      `json:"wan"`            // the interfaces, the main one first
	Public netip.Addr `json:"public_address"` // the one that clients use
}

// Uplink finds what the Spec leaves open: the interface of the default route,
// and the main interface's first IPv4 address. The error is a Failure of kind
// NoUplink.
func (s *Spec) Uplink() (Uplink, error) {
	up := Uplink{WAN: s.WAN, Public: s.PublicAddress}
	if len(up.WAN) == 0 {
		name, err := defaultLink()
		if err != nil {
			return Uplink{}, NoUplink.Failf("the interface that faces the internet is not known: %w", err)
		}
		if !wanName.MatchString(name) { // it goes into rules, units and a shell as it is
			return Uplink{}, NoUplink.Failf("the interface that faces the internet is called %q: give it a name of letters, digits and -_.", name)
		}
		up.WAN = Links{name}
	}
	for _, name := range up.WAN {
		if _, err := linkNamed(name); err != nil {
			return Uplink{}, NoUplink.Failf("interface %s: %w", name, err)
		}
	}
	if up.Public.IsValid() {
		return up, nil
	}
	public, err := firstAddress(up.WAN[0])
	if err != nil {
		return Uplink{}, NoUplink.Failf("interface %s: %w", up.WAN[0], err)
	}
	up.Public = public
	return up, nil
}

// linkNamed is the interface of this very name. The kernel finds one by its other names too (ip-link(8), altname), but no rule does.
func linkNamed(name string) (netlink.Link, error) {
	link, err := netlink.LinkByName(name)
	if err == nil && link.Attrs().Name != name {
		return nil, fmt.Errorf("this is another name of %s, which the configuration has to name", link.Attrs().Name)
	}
	return link, err
}

// firstAddress is the interface's first IPv4 address that others can reach.
func firstAddress(name string) (netip.Addr, error) {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return netip.Addr{}, err
	}
	found, err := addresses(link)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("its addresses: %w", err)
	}
	for _, has := range found {
		if address, ok := netip.AddrFromSlice(has.IP.To4()); ok && has.Scope == unix.RT_SCOPE_UNIVERSE {
			return address, nil
		}
	}
	return netip.Addr{}, errors.New("it has no IPv4 address")
}

// addresses are the interface's IPv4 addresses; of all interfaces where it is nil.
func addresses(of netlink.Link) ([]netlink.Addr, error) {
	return steady(func() ([]netlink.Addr, error) { return netlink.AddrList(of, netlink.FAMILY_V4) })
}

// defaultLink is the interface of the default route with the least metric.
func defaultLink() (string, error) {
	ways, err := defaultRoutes()
	if err != nil {
		return "", err
	}
	if len(ways) == 0 {
		return "", errors.New("there is no default route")
	}
	return ways[0].link, nil
}

// defaultRoute is a way to everywhere.
type defaultRoute struct {
	link   string
	metric int
}

// String is the route as people call it.
func (r defaultRoute) String() string { return fmt.Sprintf("%s (metric %d)", r.link, r.metric) }

// defaultRoutes are this host's ways to everywhere, one an interface, the one that
// the kernel prefers first.
func defaultRoutes() ([]defaultRoute, error) {
	routes, err := steady(func() ([]netlink.Route, error) { return netlink.RouteList(nil, netlink.FAMILY_V4) })
	if err != nil {
		return nil, fmt.Errorf("reading the routes: %w", err)
	}
	var all []defaultRoute
	for _, route := range routes {
		if !wide(route) || route.Type != unix.RTN_UNICAST { // "unreachable default" leads nowhere
			continue
		}
		for _, index := range hops(route) {
			link, err := netlink.LinkByIndex(index)
			if err != nil {
				return nil, fmt.Errorf("the default route's interface: %w", err)
			}
			all = append(all, defaultRoute{link.Attrs().Name, route.Priority})
		}
	}
	slices.SortStableFunc(all, func(a, b defaultRoute) int { return a.metric - b.metric })
	return unique(all), nil
}

// hops are the interfaces that a route leads over.
func hops(route netlink.Route) []int {
	if len(route.MultiPath) == 0 {
		return []int{route.LinkIndex}
	}
	var all []int
	for _, hop := range route.MultiPath {
		all = append(all, hop.LinkIndex)
	}
	return all
}

// unique keeps an interface's first route.
func unique(routes []defaultRoute) []defaultRoute {
	var all []defaultRoute
	for _, route := range routes {
		if !slices.ContainsFunc(all, func(r defaultRoute) bool { return r.link == route.link }) {
			all = append(all, route)
		}
	}
	return all
}

// guessed is a warning where the default routes lead over several interfaces and the
// configuration does not say which of them face the internet.
func (s *Spec) guessed() error {
	ways, err := defaultRoutes()
	if err != nil || len(s.WAN) > 0 || len(ways) < 2 {
		return err
	}
	var others []string
	for _, way := range ways[1:] {
		others = append(others, way.String())
	}
	return NoUplink.Warnf("this host has several default routes; requests are expected on %s, and none on %s", ways[0], strings.Join(others, ", "))
}

// wide says whether the route is a default route.
func wide(route netlink.Route) bool {
	if route.Dst == nil {
		return true
	}
	bits, _ := route.Dst.Mask.Size()
	return bits == 0
}
