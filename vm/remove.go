package vm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/digitalocean/go-libvirt"

	"wiabctl/provision/change"
)

// Remove returns one change per machine of ours, also half made ones: its
// domain, disk, seed and console log go, or what is left of them. What is not
// ours is passed over.
func (r *Room) Remove(ctx context.Context) ([]change.Change, error) { return r.removal(ctx, false) }

// RemoveButDisks is Remove for machines that are to come back (Reuse): they are shut
// down, not cut off, and their disks stay.
func (r *Room) RemoveButDisks(ctx context.Context) ([]change.Change, error) {
	return r.removal(ctx, true)
}

func (r *Room) removal(ctx context.Context, keepDisks bool) ([]change.Change, error) {
	var changes []change.Change
	for _, machine := range r.Machines {
		is, err := r.observe(ctx, machine)
		if err != nil {
			return nil, err
		}
		if is.domain != nil && is.foreign(machine, r.paths(machine)) != nil {
			continue
		}
		files, err := is.files(machine, r.paths(machine), keepDisks)
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			continue
		}
		changes = append(changes, change.Change{
			Verb:       change.Delete,
			Subject:    "domain " + machine.Name,
			Reason:     is.farewell(r.paths(machine), files, keepDisks),
			Concurrent: true,
			Apply: func(ctx context.Context, say change.Progress) error {
				return r.remove(ctx, machine, keepDisks, say)
			},
		})
	}
	return changes, nil
}

// farewell says what goes with the domain.
func (is *standing) farewell(at paths, files []string, keepDisks bool) string {
	switch {
	case is.domain == nil:
		return "it is gone, and left " + strings.Join(files, ", ")
	case keepDisks:
		return "without its disk " + at.disk
	default:
		return "with its disk " + at.disk
	}
}

// files are the machine's that have to go: all with the domain, if it is ours; those
// that bear our label where there is none.
func (is *standing) files(machine Machine, at paths, keepDisks bool) ([]string, error) {
	all := []string{partial(at.disk), at.seed}
	if !keepDisks {
		all = append(all, at.disk)
	}
	if is.domain != nil {
		// libvirt's log daemon keeps older parts of the console's log as .0, .1, …
		logs, err := filepath.Glob(at.console + ".[0-9]")
		return append(append(all, at.console), logs...), err
	}
	var ours []string
	for _, file := range all {
		bears, err := readLabel(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errors.ErrUnsupported) {
			return nil, err
		}
		if bears.of(machine) {
			ours = append(ours, file)
		}
	}
	return ours, nil
}

// remove ends the domain, deletes its files and undefines it last, so that an
// interrupted removal leaves no file without its owner.
func (r *Room) remove(ctx context.Context, machine Machine, keepDisks bool, say change.Progress) error {
	is, err := r.observe(ctx, machine)
	if err != nil {
		return err
	}
	at := r.paths(machine)
	if is.domain != nil {
		if err := is.foreign(machine, at); err != nil {
			return err
		}
		if err := r.leave(ctx, is, machine, keepDisks, say); err != nil {
			return err
		}
	}
	files, err := is.files(machine, at, keepDisks)
	if err != nil {
		return err
	}
	if err := erase(files); err != nil {
		return fmt.Errorf("files of %s: %w", machine.Name, err)
	}
	if is.domain == nil {
		return nil
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

// leave ends the domain's process: at once, or when its disk is kept as its guest
// wants it. A disk that is kept has to be known as ours afterwards.
func (r *Room) leave(ctx context.Context, is *standing, machine Machine, keepDisk bool, say change.Progress) error {
	if !keepDisk {
		return r.Libvirt(ctx, func(virt *libvirt.Libvirt) error { return cut(virt, machine.Name) })
	}
	if is.disk != 0 && is.diskLabel == nil {
		if err := diskLabel(machine).stickTo(r.paths(machine).disk); err != nil {
			return fmt.Errorf("the disk of %s could not be known as ours without its domain, so that stays: %w", machine.Name, err)
		}
	}
	return r.end(ctx, is, machine, say)
}

// erase deletes files; none is success.
func erase(files []string) error {
	var errs []error
	for _, file := range files {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
