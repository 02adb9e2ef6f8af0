package vm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/digitalocean/go-libvirt"

	"wiabctl/provision/change"
)

// Remove returns one change per machine of ours, also half made ones: its
// domain, disk, seed and console log go. What is not ours is passed over.
func (r *Room) Remove(ctx context.Context) ([]change.Change, error) {
	var changes []change.Change
	for _, machine := range r.Machines {
		is, err := r.observe(ctx, machine)
		if err != nil {
			return nil, err
		}
		if is.domain == nil || is.foreign(machine, r.paths(machine)) != nil {
			continue
		}
		changes = append(changes, change.Change{
			Verb:       change.Delete,
			Subject:    "domain " + machine.Name,
			Reason:     "with its disk " + r.paths(machine).disk,
			Concurrent: true,
			Apply: func(ctx context.Context, _ change.Progress) error {
				return r.remove(ctx, machine)
			},
		})
	}
	return changes, nil
}

// remove ends the domain, deletes its files and undefines it last, so that an
// interrupted removal leaves no file without its owner.
func (r *Room) remove(ctx context.Context, machine Machine) error {
	is, err := r.observe(ctx, machine)
	if err != nil {
		return err
	}
	at := r.paths(machine)
	if err := is.foreign(machine, at); err != nil {
		return err
	}
	if is.domain == nil {
		return nil
	}
	if err := r.Libvirt(ctx, func(virt *libvirt.Libvirt) error { return cut(virt, machine.Name) }); err != nil {
		return err
	}
	if err := erase(at); err != nil {
		return fmt.Errorf("files of %s: %w", machine.Name, err)
	}
	err = r.Libvirt(ctx, func(virt *libvirt.Libvirt) error {
		return virt.DomainUndefineFlags(*is.domain, libvirt.DomainUndefineManagedSave|
			libvirt.DomainUndefineSnapshotsMetadata|libvirt.DomainUndefineCheckpointsMetadata|libvirt.DomainUndefineNvram)
	})
	if err != nil && !missing(err) {
		return fmt.Errorf("undefining domain %s: %w", machine.Name, err)
	}
	return nil
}

// erase deletes a machine's files; libvirt's log daemon keeps older parts of
// the console's log as .0, .1, …
func erase(at paths) error {
	logs, err := filepath.Glob(at.console + ".[0-9]")
	if err != nil {
		return err
	}
	var errs []error
	for _, file := range append(logs, partial(at.disk), at.disk, at.seed, at.console) {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
