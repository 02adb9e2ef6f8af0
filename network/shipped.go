package network

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/digitalocean/go-libvirt"
	"github.com/vishvananda/netlink"
)

// Shipped is the libvirt network "default" that libvirt's packages bring. Whether
// they brought it to this host, or somebody defined it, cannot be seen.
type Shipped struct {
	// Libvirt runs calls on the host's libvirt, as vm.Connection.Use does.
	Libvirt func(ctx context.Context, do func(*libvirt.Libvirt) error) error
}

// Idle says whether the network is there, just as it is shipped, and nothing on
// this host uses it. The error is change.ErrNotInstalled without libvirt.
func (s Shipped) Idle(ctx context.Context) (bool, error) {
	var found *idling
	err := s.Libvirt(ctx, func(virt *libvirt.Libvirt) (err error) {
		found, err = findIdle(virt)
		return err
	})
	return found != nil, err
}

// Remove stops and undefines the network if it is idle; else it stays as it is.
func (s Shipped) Remove(ctx context.Context) error {
	return s.Libvirt(ctx, func(virt *libvirt.Libvirt) error {
		found, err := findIdle(virt)
		if err != nil || found == nil {
			return err
		}
		if found.active {
			if err := virt.NetworkDestroy(found.network); err != nil {
				return fmt.Errorf("stopping libvirt network %s: %w", shippedName, err)
			}
		}
		if err := virt.NetworkUndefine(found.network); err != nil {
			return fmt.Errorf("undefining libvirt network %s: %w", shippedName, err)
		}
		return nil
	})
}

// idling is the shipped network while nobody uses it.
type idling struct {
	network libvirt.Network
	active  bool
}

// findIdle is the shipped network; nil if it is not there, is not as it was
// shipped, or is used.
func findIdle(virt *libvirt.Libvirt) (*idling, error) {
	all, _, err := virt.ConnectListAllNetworks(1, libvirt.ConnectListNetworksPersistent)
	if err != nil {
		return nil, fmt.Errorf("listing libvirt's networks: %w", err)
	}
	at := slices.IndexFunc(all, func(n libvirt.Network) bool { return n.Name == shippedName })
	if at < 0 {
		return nil, nil
	}
	idle, err := unused(virt, all[at])
	if err != nil || !idle {
		return nil, err
	}
	active, err := virt.NetworkIsActive(all[at])
	return &idling{all[at], active == 1}, err
}

// unused says whether the network, as it runs and as it is defined, is pristine,
// and neither a domain nor a link of the host hangs on it.
func unused(virt *libvirt.Libvirt, network libvirt.Network) (bool, error) {
	for _, flags := range []libvirt.NetworkXMLFlags{0, libvirt.NetworkXMLInactive} {
		text, err := virt.NetworkGetXMLDesc(network, uint32(flags))
		if err != nil {
			return false, fmt.Errorf("libvirt network %s: %w", network.Name, err)
		}
		if untouched, err := pristine(text); err != nil || !untouched {
			return false, err
		}
	}
	if used, err := hasDomains(virt); err != nil || used {
		return false, err
	}
	used, err := hasPorts()
	return !used, err
}

// hasDomains says whether a domain, running or not, is attached to the network.
func hasDomains(virt *libvirt.Libvirt) (bool, error) {
	domains, _, err := virt.ConnectListAllDomains(1, 0)
	if err != nil {
		return false, fmt.Errorf("listing libvirt's domains: %w", err)
	}
	for _, domain := range domains {
		for _, flags := range []libvirt.DomainXMLFlags{0, libvirt.DomainXMLInactive} {
			text, err := virt.DomainGetXMLDesc(domain, flags)
			if gone(err, libvirt.ErrNoDomain) {
				break
			}
			if err != nil {
				return false, fmt.Errorf("domain %s: %w", domain.Name, err)
			}
			if used, err := attaches(text); err != nil || used {
				return used, err
			}
		}
	}
	return false, nil
}

// hasPorts says whether a link is attached to the bridge, by libvirt or not.
func hasPorts() (bool, error) {
	bridge, err := netlink.LinkByName(shippedBridge)
	if _, none := errors.AsType[netlink.LinkNotFoundError](err); none {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking for interface %s: %w", shippedBridge, err)
	}
	links, err := steady(netlink.LinkList)
	if err != nil {
		return false, fmt.Errorf("listing the interfaces: %w", err)
	}
	return slices.ContainsFunc(links, func(l netlink.Link) bool { return l.Attrs().MasterIndex == bridge.Attrs().Index }), nil
}
