package network

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"

	"wiabctl/provision/change"
)

// observe reads libvirt's networks; without libvirt there are none.
func (f *Fabric) observe(ctx context.Context) (*standing, error) {
	is := &standing{}
	err := f.Libvirt(ctx, func(virt *libvirt.Libvirt) (err error) {
		is, err = f.ask(virt)
		return err
	})
	if errors.Is(err, change.ErrNotInstalled) {
		return &standing{}, nil
	}
	return is, err
}

// planBridge is the change that the libvirt network needs.
func (f *Fabric) planBridge(ctx context.Context) ([]change.Change, error) {
	if f.lent() {
		return nil, f.leads()
	}
	want, err := f.definition()
	if err != nil {
		return nil, err
	}
	is, err := f.observe(ctx)
	if err != nil {
		return nil, err
	}
	if err := f.foreign(is); err != nil {
		return nil, err
	}
	verb, reasons, err := is.differs(want)
	if err != nil || verb == "" {
		return nil, err
	}
	return []change.Change{{
		Verb:    verb,
		Subject: "libvirt network " + f.Spec.Name,
		Reason:  strings.Join(reasons, "; "),
		Apply:   f.settleBridge,
	}}, nil
}

// differs says what has to be done about the network and why.
func (is *standing) differs(want *libvirtxml.Network) (change.Verb, []string, error) {
	if is.network == nil {
		return change.Create, []string{"it is not defined", "it brings " + addressees(want)}, nil
	}
	dhcp, err := leases(want)
	if err != nil {
		return "", nil, err
	}
	reasons := append(compare(is.defined, want), compareLeases(is.dhcp, dhcp)...)
	if is.live != nil {
		reasons = append(append(reasons, compare(is.live, want)...), compareLeases(is.liveDHCP, dhcp)...)
		slices.Sort(reasons)
		reasons = slices.Compact(reasons)
		if len(compare(is.live, want)) > 0 {
			reasons = append(reasons, "it will be restarted")
		}
	}
	if !is.boots {
		reasons = append(reasons, "it does not start with the host")
	}
	switch {
	case len(reasons) > 0:
		return change.Update, reasons, nil
	case is.live == nil:
		return change.Start, []string{"it is not active"}, nil
	default:
		return "", nil, nil
	}
}

// addressees are the VMs with their addresses, and the host.
func addressees(n *libvirtxml.Network) string {
	var all []string
	for _, ip := range n.IPs {
		all = append(all, "this host "+ip.Address)
		for _, h := range ip.DHCP.Hosts {
			all = append(all, h.Name+" "+h.IP)
		}
	}
	return strings.Join(all, ", ")
}

// settleBridge makes the libvirt network what it should be. A network with VMs on
// it is never restarted; its DHCP changes under them.
func (f *Fabric) settleBridge(ctx context.Context, _ change.Progress) error {
	want, err := f.definition()
	if err != nil {
		return err
	}
	is, err := f.observe(ctx)
	if err != nil {
		return err
	}
	if err := f.foreign(is); err != nil {
		return err
	}
	if is.live != nil && len(compare(is.live, want)) > 0 && is.guests > 0 {
		return InUse.Failf("libvirt network %s has to restart (%s), but %d VMs are on it", f.Spec.Name, strings.Join(compare(is.live, want), "; "), is.guests)
	}
	err = f.Libvirt(ctx, func(virt *libvirt.Libvirt) error { return is.settle(ctx, virt, want) })
	if err != nil {
		return fmt.Errorf("libvirt network %s: %w", f.Spec.Name, err)
	}
	return nil
}

// settle defines, starts and updates the network. Where what runs and what is defined
// lack the same of DHCP, both get it in one call.
func (is *standing) settle(ctx context.Context, virt *libvirt.Libvirt, want *libvirtxml.Network) error {
	dhcp, err := leases(want)
	if err != nil {
		return err
	}
	defined := is.network != nil && len(compare(is.defined, want)) == 0
	runs := is.live != nil && len(compare(is.live, want)) == 0
	affect := libvirt.NetworkUpdateAffectLive
	switch {
	case defined && slices.Equal(is.dhcp, dhcp):
	case defined && runs && slices.Equal(is.dhcp, is.liveDHCP):
		affect |= libvirt.NetworkUpdateAffectConfig
	default:
		if err := is.define(virt, want); err != nil {
			return err
		}
	}
	if err := virt.NetworkSetAutostart(*is.network, 1); err != nil {
		return fmt.Errorf("setting autostart: %w", err)
	}
	if runs {
		return lend(virt, *is.network, is.liveDHCP, dhcp, affect)
	}
	if is.live != nil {
		if err := virt.NetworkDestroy(*is.network); err != nil {
			return fmt.Errorf("stopping it: %w", err)
		}
	}
	return start(ctx, virt, *is.network)
}

// define says what the next start gives.
func (is *standing) define(virt *libvirt.Libvirt, want *libvirtxml.Network) error {
	text, err := want.Marshal()
	if err != nil {
		return err
	}
	network, err := virt.NetworkDefineXML(text)
	if err != nil {
		return fmt.Errorf("defining it: %w", err)
	}
	is.network = &network
	return nil
}

// start makes the network active. One that was just stopped may need a moment:
// libvirt does not wait until its old DHCP server has let go of the address.
func start(ctx context.Context, virt *libvirt.Libvirt, network libvirt.Network) error {
	return change.Condition{
		Description: "it to start",
		Deadline:    5 * time.Second,
		Interval:    100 * time.Millisecond,
		Check:       func(context.Context) error { return virt.NetworkCreate(network) },
	}.Await(ctx, nil)
}

// removeBridge is the change that undoes the libvirt network, if it is ours.
func (f *Fabric) removeBridge(ctx context.Context) ([]change.Change, error) {
	if f.lent() {
		return nil, nil
	}
	is, err := f.observe(ctx)
	if err != nil {
		return nil, err
	}
	if is.network == nil || is.owner != f.Deployment {
		return nil, nil
	}
	return []change.Change{{
		Verb:    change.Delete,
		Subject: "libvirt network " + f.Spec.Name,
		Reason:  "with its bridge and reservations",
		Apply: func(ctx context.Context, _ change.Progress) error {
			is, err := f.observe(ctx)
			if err != nil {
				return err
			}
			if is.network == nil || is.owner != f.Deployment {
				return nil
			}
			return f.Libvirt(ctx, func(virt *libvirt.Libvirt) error { return is.undo(virt) })
		},
	}}, nil
}

// undo stops and undefines the network, unless others' VMs are on it: ours went
// before.
func (is *standing) undo(virt *libvirt.Libvirt) error {
	if is.guests > 0 {
		return InUse.Failf("libvirt network %s cannot go: %d VMs that wiabctl did not make are on it", is.network.Name, is.guests)
	}
	if is.live != nil {
		if err := virt.NetworkDestroy(*is.network); err != nil {
			return fmt.Errorf("stopping libvirt network %s: %w", is.network.Name, err)
		}
	}
	if err := virt.NetworkUndefine(*is.network); err != nil {
		return fmt.Errorf("undefining libvirt network %s: %w", is.network.Name, err)
	}
	return nil
}
