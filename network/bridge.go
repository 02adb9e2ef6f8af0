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
	verb, reasons := is.differs(want)
	if verb == "" {
		return nil, nil
	}
	return []change.Change{{
		Verb:    verb,
		Subject: "libvirt network " + f.Spec.Name,
		Reason:  strings.Join(reasons, "; "),
		Apply:   f.settleBridge,
	}}, nil
}

// differs says what has to be done about the network and why.
func (is *standing) differs(want *libvirtxml.Network) (change.Verb, []string) {
	if is.network == nil {
		return change.Create, []string{"it is not defined"}
	}
	reasons := compare(is.defined, want)
	if !slices.Equal(hosts(is.defined), hosts(want)) || is.live != nil && !slices.Equal(hosts(is.live), hosts(want)) {
		reasons = append(reasons, "its reservations differ")
	}
	if is.live != nil {
		if stale := compare(is.live, want); len(stale) > 0 {
			reasons = append(slices.Compact(slices.Sorted(slices.Values(append(reasons, stale...)))), "it will be restarted")
		}
	}
	if !is.boots {
		reasons = append(reasons, "it does not start with the host")
	}
	switch {
	case len(reasons) > 0:
		return change.Update, reasons
	case is.live == nil:
		return change.Start, []string{"it is not active"}
	default:
		return "", nil
	}
}

// settleBridge makes the libvirt network what it should be. A network with VMs on
// it is never restarted; its reservations change under them.
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

// settle defines, starts and updates the network.
func (is *standing) settle(ctx context.Context, virt *libvirt.Libvirt, want *libvirtxml.Network) error {
	if is.network == nil || len(compare(is.defined, want)) > 0 || !slices.Equal(hosts(is.defined), hosts(want)) {
		text, err := want.Marshal()
		if err != nil {
			return err
		}
		network, err := virt.NetworkDefineXML(text)
		if err != nil {
			return fmt.Errorf("defining it: %w", err)
		}
		is.network = &network
	}
	if err := virt.NetworkSetAutostart(*is.network, 1); err != nil {
		return fmt.Errorf("setting autostart: %w", err)
	}
	if is.live != nil && len(compare(is.live, want)) > 0 {
		if err := virt.NetworkDestroy(*is.network); err != nil {
			return fmt.Errorf("stopping it: %w", err)
		}
		is.live = nil
	}
	if is.live == nil {
		return start(ctx, virt, *is.network)
	}
	return is.reserve(virt, hosts(want))
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

// reserve brings the running network's reservations up to date, the surplus
// first: an address or a name may move from one MAC to another.
func (is *standing) reserve(virt *libvirt.Libvirt, want []libvirtxml.NetworkDHCPHost) error {
	has := hosts(is.live)
	for _, step := range []struct {
		command libvirt.NetworkUpdateCommand
		hosts   []libvirtxml.NetworkDHCPHost
	}{
		{libvirt.NetworkUpdateCommandDelete, without(has, want)},
		{libvirt.NetworkUpdateCommandAddLast, without(want, has)},
	} {
		for _, host := range step.hosts {
			text, err := host.Marshal()
			if err != nil {
				return err
			}
			if err := virt.NetworkUpdateCompat(*is.network, step.command, libvirt.NetworkSectionIPDhcpHost, -1, text, libvirt.NetworkUpdateAffectLive); err != nil {
				return fmt.Errorf("reservation of %s for %s: %w", host.IP, host.MAC, err)
			}
		}
	}
	return nil
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
