package network

import (
	"context"
	"net/netip"

	"github.com/digitalocean/go-libvirt"

	"wiabctl/provision/change"
)

// Fabric is the network of a deployment: it compares what is with what should
// be and acts. All fields but Calling, Proxies, Libvirt and Leaving are needed; Pending where the
// hairpin's mode is auto.
type Fabric struct {
	Spec         Spec          // complete: Defaults, Validate
	Deployment   string        // named in the libvirt network's mark
	Reservations []Reservation // the VMs' addresses
	Kubenodes    []Kubenode    // who gets HTTP and HTTPS, in equal parts
	Calling      netip.Addr    // who gets calls; zero if calls are not served here
	Proxies      []netip.Addr  // the machines in front of the domains
	// Program is the path of the wiabctl whose "network watch" the watcher's unit
	// runs, as os.Executable tells it.
	Program func() (string, error)
	// Libvirt runs calls on the host's libvirt, as vm.Connection.Use does. Where it is
	// nil, the bridge is lent: somebody else's interface that leads to the VMs.
	Libvirt func(ctx context.Context, do func(*libvirt.Libvirt) error) error
	// Leaving says whether the network that libvirt's packages brought goes before
	// ours comes, if it is idle (Shipped): then it does not stand in our way.
	Leaving func() bool
	// Pending says whether certificates are being waited for, or that it cannot be told.
	Pending func(ctx context.Context) bool
}

// planner finds the changes of one part of the fabric.
type planner func(context.Context) ([]change.Change, error)

// Plan returns the changes that the network needs, in the order in which they
// are to be made: nothing is opened before what it relies on is there.
func (f *Fabric) Plan(ctx context.Context) ([]change.Change, error) {
	f, err := f.decided(ctx)
	if err != nil {
		return nil, err
	}
	return gather(ctx, f.planSettings, f.planBridge, f.planTable, f.planFirewall, f.planDocker, f.planBoot, f.planHealth)
}

// Remove returns the changes that undo all that Plan's make, in the reverse
// order. The VMs have to be gone before. Kernel settings stay in force until the
// next boot: others may rely on them by now.
func (f *Fabric) Remove(ctx context.Context) ([]change.Change, error) {
	return gather(ctx, f.removeHealth, f.removeBoot, f.removeDocker, f.removeFirewall, f.removeTable, f.removeBridge, f.removeSettings)
}

func gather(ctx context.Context, parts ...planner) ([]change.Change, error) {
	var all []change.Change
	for _, part := range parts {
		changes, err := part(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, changes...)
	}
	return all, nil
}

// ruleset are the rules that should be in force.
func (f *Fabric) ruleset() (ruleset, error) {
	up, err := f.Spec.Uplink()
	if err != nil {
		return nil, err
	}
	return ways{
		Uplink: up, bridge: f.Spec.Bridge, subnet: f.Spec.Subnet,
		kubenodes: f.Kubenodes, calling: f.Calling, media: f.Spec.Media,
		hairpin: f.Spec.Hairpin == HairpinAlways, egress: f.Spec.Egress,
		proxies: f.Proxies, behind: f.Spec.HTTPS == HTTPSProxies,
	}.ruleset(), nil
}

// planTable is the change that our nftables table needs.
func (f *Fabric) planTable(context.Context) ([]change.Change, error) {
	want, err := f.ruleset()
	if err != nil {
		return nil, err
	}
	is, err := waysTable().kernel()
	if err != nil {
		return nil, err
	}
	reason := is.differs(want)
	if reason == "" {
		return nil, nil
	}
	verb := change.Update
	if !is.exists {
		verb = change.Create
	}
	return []change.Change{{
		Verb: verb, Subject: "nftables table ip " + tableName, Reason: reason, Diff: is.diff(want),
		Apply: func(context.Context, change.Progress) error { return waysTable().load(want) },
	}}, nil
}

// removeTable is the change that takes our table away.
func (f *Fabric) removeTable(context.Context) ([]change.Change, error) {
	is, err := waysTable().kernel()
	if err != nil || !is.exists {
		return nil, err
	}
	return []change.Change{{
		Verb: change.Delete, Subject: "nftables table ip " + tableName, Reason: "with all its rules",
		Apply: func(context.Context, change.Progress) error { return waysTable().drop() },
	}}, nil
}

// removeSettings is the change that takes the settings' file away.
func (f *Fabric) removeSettings(context.Context) ([]change.Change, error) {
	if len(settingsFiles().present()) == 0 {
		return nil, nil
	}
	return []change.Change{{
		Verb: change.Delete, Subject: "kernel settings", Reason: settingsFile + "; what runs keeps them until the next boot",
		Apply: func(context.Context, change.Progress) error { return settingsFiles().erase() },
	}}, nil
}
