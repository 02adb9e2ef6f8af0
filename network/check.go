package network

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"libvirt.org/go/libvirtxml"
)

// Check finds what stands against the network before anything is made, all of
// it at once: no way to the internet, taken ports, foreign networks and bridges,
// subnets that overlap.
func (f *Fabric) Check(ctx context.Context) error {
	is, err := f.observe(ctx)
	if err != nil {
		return err
	}
	_, noUplink := f.Spec.Uplink()
	return errors.Join(noUplink, f.Spec.guessed(), f.claimed(ctx), f.foreign(is), f.clash(is))
}

// foreign is a Failure when a network or bridge of our name is not ours.
func (f *Fabric) foreign(is *standing) error {
	if is.network != nil && is.owner != f.Deployment {
		if is.owner == "" {
			return Foreign.Failf("there is a libvirt network %s that wiabctl did not make", f.Spec.Name)
		}
		return Foreign.Failf("the libvirt network %s belongs to another deployment, %q", f.Spec.Name, is.owner)
	}
	for _, other := range is.strangers {
		if other.Bridge != nil && other.Bridge.Name == f.Spec.Bridge {
			return Foreign.Failf("the bridge %s belongs to libvirt's network %s", f.Spec.Bridge, other.Name)
		}
	}
	if is.accounts(f.Spec.Bridge) {
		return nil
	}
	_, err := netlink.LinkByName(f.Spec.Bridge)
	var none netlink.LinkNotFoundError
	switch {
	case errors.As(err, &none):
		return nil
	case err != nil:
		return fmt.Errorf("looking for interface %s: %w", f.Spec.Bridge, err)
	default:
		return Foreign.Failf("there is an interface %s that wiabctl did not make", f.Spec.Bridge)
	}
}

// accounts says whether the bridge is our own, or that of the network that leaves.
func (is *standing) accounts(bridge string) bool {
	own := is.live != nil && is.live.Bridge != nil && is.live.Bridge.Name == bridge
	return own || is.leaving != nil && is.leaving.active && bridge == shippedBridge
}

// clash is a Failure when the subnet is somebody else's already: a route to it,
// or another libvirt network on it, active or not.
func (f *Fabric) clash(is *standing) error {
	for _, other := range is.strangers {
		for _, ip := range other.IPs {
			if theirs := prefixOf(ip); theirs.IsValid() && theirs.Overlaps(f.Spec.Subnet) {
				return SubnetClash.Failf("%s overlaps %s of libvirt's network %s", f.Spec.Subnet, theirs, other.Name)
			}
		}
	}
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return fmt.Errorf("reading the routes: %w", err)
	}
	for _, route := range routes {
		if wide(route) {
			continue
		}
		bits, _ := route.Dst.Mask.Size()
		address, ok := netip.AddrFromSlice(route.Dst.IP.To4())
		if theirs := netip.PrefixFrom(address, bits); ok && theirs.Overlaps(f.Spec.Subnet) {
			if via := linkOf(route); via != f.Spec.Bridge && !is.accounts(via) {
				return SubnetClash.Failf("%s overlaps %s, which this host reaches through %s", f.Spec.Subnet, theirs, via)
			}
		}
	}
	return nil
}

// prefixOf is the subnet of a libvirt network's address; zero if it has none.
func prefixOf(ip libvirtxml.NetworkIP) netip.Prefix {
	address, err := netip.ParseAddr(ip.Address)
	if err != nil {
		return netip.Prefix{}
	}
	bits := int(ip.Prefix)
	if mask, err := netip.ParseAddr(ip.Netmask); err == nil && mask.Is4() {
		bits = ones(mask.As4())
	}
	return netip.PrefixFrom(address, bits).Masked()
}

func ones(mask [4]byte) int {
	bits := 0
	for _, b := range mask {
		for ; b&0x80 != 0; b <<= 1 {
			bits++
		}
	}
	return bits
}

func linkOf(route netlink.Route) string {
	link, err := netlink.LinkByIndex(route.LinkIndex)
	if err != nil {
		return "an interface that is gone"
	}
	return link.Attrs().Name
}
