package provision

import (
	"context"
	"os"
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
	names    block    // the VMs' names in /etc/hosts
	dirs     []string // what down removes last: state and cache
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
	names, err := h.names.plan()
	if err != nil {
		return nil, err
	}
	rotation, err := h.rotation.host()
	return slices.Concat(keys, h.shipped.witness(h.packages.plan()), shipped, user, names, rotation), err
}

// Remove takes all of it back but the packages, which others may use by now. State
// and cache go last, after everything that needs them.
func (h host) Remove(ctx context.Context) ([]change.Change, error) {
	names, err := h.names.remove()
	if err != nil {
		return nil, err
	}
	user, err := h.user.remove()
	if err != nil {
		return nil, err
	}
	shipped, err := h.shipped.remove(ctx)
	if err != nil {
		return nil, err
	}
	changes := slices.Concat(names, user, shipped)
	for _, dir := range h.dirs {
		if _, err := os.Stat(dir); err == nil {
			changes = append(changes, change.Change{Verb: change.Delete, Subject: "directory " + dir, Reason: "wiabctl made it",
				Apply: func(context.Context, change.Progress) error { return os.RemoveAll(dir) }})
		}
	}
	return changes, nil
}

// RemoveButDisks takes the VMs' names out of /etc/hosts. The deploy user, keys,
// secrets and downloads stay.
func (h host) RemoveButDisks(context.Context) ([]change.Change, error) { return h.names.remove() }

var (
	_ Remover = host{}
	_ Keeper  = host{}
)
