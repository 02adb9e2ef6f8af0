package network

import (
	"errors"

	"github.com/vishvananda/netlink"
)

// lent says whether the interface that leads to the VMs is somebody else's, as are the
// VMs: then it has to be there, and stays as it is.
func (f *Fabric) lent() bool { return f.Libvirt == nil }

// leads is a Failure unless the interface is there and leads to all VMs directly.
func (f *Fabric) leads() error {
	link, err := f.Spec.link()
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range f.Reservations {
		routes, err := netlink.RouteGet(r.Address.AsSlice())
		switch {
		case err != nil:
			errs = append(errs, BridgeMissing.Failf("there is no way from this host to %s (%s): %w", r.Name, r.Address, err))
		case routes[0].LinkIndex != link.Attrs().Index:
			errs = append(errs, BridgeMissing.Failf("this host reaches %s (%s) through %s, configured network.bridge: %s", r.Name, r.Address, linkOf(routes[0]), f.Spec.Bridge))
		case routes[0].Gw != nil:
			errs = append(errs, BridgeMissing.Failf("this host reaches %s (%s) through a router, %s: answers would not come back the same way", r.Name, r.Address, routes[0].Gw))
		}
	}
	return errors.Join(errs...)
}

// MTU is that of the interface that leads to the VMs.
func (s *Spec) MTU() (int, error) {
	link, err := s.link()
	if err != nil {
		return 0, err
	}
	return link.Attrs().MTU, nil
}

func (s *Spec) link() (netlink.Link, error) {
	link, err := linkNamed(s.Bridge)
	if _, none := errors.AsType[netlink.LinkNotFoundError](err); none {
		return nil, BridgeMissing.Failf("there is no interface %s, which has to lead to the VMs", s.Bridge)
	}
	if err != nil {
		return nil, BridgeMissing.Failf("interface %s: %w", s.Bridge, err)
	}
	return link, nil
}
