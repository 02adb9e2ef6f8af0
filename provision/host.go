package provision

import (
	"context"
	"slices"

	"wiabctl/assets"
	"wiabctl/provision/change"
)

// host is the stage that prepares the KVM host: keys, packages, the deploy user
// and the VMs' names in /etc/hosts.
type host struct {
	user     deployUser
	keys     assets.Keys
	keyNames []string
	rotation rotation
	packages installer
	shipped  defaultNetwork
	names    block  // the VMs' names in /etc/hosts
	state    string // the directory that down removes last
}

// Name of the stage.
func (host) Name() string { return "host" }

// Plan compares the host with what the later stages need.
func (h host) Plan(ctx context.Context) ([]change.Change, error) {
	keys, err := h.keys.Plan(ctx, h.keyNames...)
	if err != nil {
		return nil, err
	}
	shipped, err := h.shipped.plan(ctx)
	if err != nil {
		return nil, err
	}
	user, err := h.user.plan()
	if err != nil {
		return nil, err
	}
	packages := h.packages.plan()
	upgrade, err := h.packages.planUpgrade(ctx, len(packages) > 0)
	if err != nil {
		return nil, err
	}
	names, err := h.names.plan()
	if err != nil {
		return nil, err
	}
	rotation, err := h.rotation.host()
	return slices.Concat(keys, upgrade, h.shipped.witness(packages), shipped, user, names, rotation), err
}

// Remove takes all of it back but the packages, which others may use by now.
func (h host) Remove(ctx context.Context) ([]change.Change, error) {
	changes, err := h.withdraw(ctx)
	return append(changes, h.clear(false)...), err
}

// Purge takes the packages back too, as far as our own installation brought them.
func (h host) Purge(ctx context.Context) ([]change.Change, error) {
	changes, err := h.withdraw(ctx)
	if err != nil {
		return nil, err
	}
	packages, err := h.packages.remove(ctx)
	return slices.Concat(changes, packages, h.clear(true)), err
}

// withdraw takes back what stands between programs and files.
func (h host) withdraw(ctx context.Context) ([]change.Change, error) {
	names, err := h.names.remove()
	if err != nil {
		return nil, err
	}
	user, err := h.user.remove()
	if err != nil {
		return nil, err
	}
	shipped, err := h.shipped.remove(ctx)
	return slices.Concat(names, user, shipped), err
}

// RemoveButDisks takes the VMs' names out of /etc/hosts. The deploy user, keys,
// secrets and downloads stay.
func (h host) RemoveButDisks(context.Context) ([]change.Change, error) { return h.names.remove() }

var (
	_ Purger = host{}
	_ Keeper = host{}
)
