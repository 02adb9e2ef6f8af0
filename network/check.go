package network

import (
	"context"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
)

// Check finds what stands against the network before anything is made, all of
// it at once: no way to the internet, taken ports, foreign networks and bridges,
// subnets that overlap, firewalls of others. What may be harmless is a Warning.
func (f *Fabric) Check(ctx context.Context) error {
	_, noUplink := f.Spec.Uplink()
	return errors.Join(noUplink, f.Spec.guessed(), f.claimed(ctx), f.place(ctx), f.walls(), legacyRules(), flushed(), contested(), f.Spec.translated())
}

// place finds what stands in the way of our network, or is missing of a lent one.
func (f *Fabric) place(ctx context.Context) error {
	if f.lent() {
		return f.leads()
	}
	is, err := f.observe(ctx)
	if err != nil {
		return err
	}
	return errors.Join(f.foreign(is), f.clash(ctx, is), f.answered())
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
