package provision

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"wiabctl/assets"
	"wiabctl/provision/change"
)

// host is the stage that prepares the KVM host: keys, packages, the deploy user
// and the VMs' names in /etc/hosts.
type host struct {
	user     deployUser
	keys     assets.Keys
	keyNames []string
	packages installer
	shipped  defaultNetwork
	names    block    // the VMs' names in /etc/hosts
	dirs     []string // what down removes last: the state
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
	return slices.Concat(keys, upgrade, h.shipped.witness(packages), shipped, user, names), err
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

// clear takes the state away, last, after everything that needs them. The receipt
// of the packages stays for as long as they do: after purging them there is none.
func (h host) clear(purging bool) []change.Change {
	var changes []change.Change
	for _, dir := range h.dirs {
		_, err := os.Stat(dir)
		if err != nil || !purging && len(besides(dir, h.packages.Receipt.files())) == 0 {
			continue
		}
		changes = append(changes, change.Change{Verb: change.Delete, Subject: "directory " + dir, Reason: "wiabctl made it",
			Apply: func(context.Context, change.Progress) error {
				var errs []error
				for _, path := range besides(dir, h.packages.Receipt.files()) {
					errs = append(errs, os.RemoveAll(path))
				}
				return errors.Join(errs...)
			}})
	}
	return changes
}

// besides are the paths that have to go so that of all below and at the path only those
// files stay that are to be kept.
func besides(path string, keep []string) []string {
	holds := func(kept string) bool { return strings.HasPrefix(kept, path+"/") }
	switch {
	case slices.Contains(keep, path):
		return nil
	case !slices.ContainsFunc(keep, holds):
		return []string{path}
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil // what is to be kept in it is there, so this is a moment's matter
	}
	var all []string
	for _, e := range entries {
		all = append(all, besides(filepath.Join(path, e.Name()), keep)...)
	}
	return all
}

// RemoveButDisks takes the VMs' names out of /etc/hosts. The deploy user, keys,
// secrets and downloads stay.
func (h host) RemoveButDisks(context.Context) ([]change.Change, error) { return h.names.remove() }

var (
	_ Purger = host{}
	_ Keeper = host{}
)
