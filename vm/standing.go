package vm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"

	"wiabctl/provision/change"
)

// standing is what a machine is at the moment.
type standing struct {
	domain  *libvirt.Domain    // nil: not defined
	defined *libvirtxml.Domain // what the next start gives
	live    *libvirtxml.Domain // what runs; nil if nothing does
	state   libvirt.DomainState
	reason  int32 // why it is in that state, as libvirt numbers the reasons of each
	mark    *mark // of the definition; nil: not ours
	running *mark // of what runs
	ready   bool  // it was seen ready since it started
	boots   bool  // autostart
	// transient: it runs, and was undefined behind our back: it will be gone when it ends.
	transient bool

	disk  Size   // what the disk may grow to; 0: there is none
	held  Size   // what it takes on the host by now
	loose bool   // others on the host may read the disk
	seed  string // digest of the seed file; "": there is none

	diskLabel, seedLabel *label // whose the files say they are; nil: they do not say
	unlabelled           bool   // a file lacks its label, and the file system would keep one
	reusable             bool   // a disk of ours without its domain may be used as it is
}

// observe asks libvirt and the file system for the machine.
func (r *Room) observe(ctx context.Context, machine Machine) (*standing, error) {
	is := &standing{reusable: r.Reuse != nil && r.Reuse()}
	err := r.Libvirt(ctx, func(virt *libvirt.Libvirt) error { return is.ask(virt, machine.Name) })
	if missing(err) { // never there, or gone while it was asked about
		is, err = &standing{reusable: is.reusable}, nil
	}
	if err != nil && !errors.Is(err, change.ErrNotInstalled) {
		return nil, fmt.Errorf("domain %s: %w", machine.Name, err)
	}
	at := r.paths(machine)
	if is.disk, is.loose, err = readDisk(at.disk); err != nil {
		return nil, err
	}
	if is.held, err = held(at.disk); err != nil {
		return nil, err
	}
	image, err := os.ReadFile(at.seed)
	switch {
	case err == nil:
		is.seed = digest(image)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("seed of %s: %w", machine.Name, err)
	}
	return is, is.readLabels(at)
}

// readLabels finds out whose the machine's files say they are.
func (is *standing) readLabels(at paths) error {
	for path, found := range map[string]**label{at.disk: &is.diskLabel, at.seed: &is.seedLabel} {
		bears, err := readLabel(path)
		switch {
		case err == nil:
			*found = bears
			is.unlabelled = is.unlabelled || bears == nil
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errors.ErrUnsupported):
			return err
		}
	}
	return nil
}

// ask reads the domain of exactly this name; the error is libvirt's where there is none.
func (is *standing) ask(virt *libvirt.Libvirt, name string) error {
	domain, err := virt.DomainLookupByName(name)
	if err != nil {
		return err
	}
	is.domain = &domain
	state, reason, err := virt.DomainGetState(domain, 0)
	if err != nil {
		return err
	}
	is.state, is.reason = libvirt.DomainState(state), reason
	persistent, err := virt.DomainIsPersistent(domain)
	if err != nil {
		return err
	}
	is.transient = persistent == 0
	boots, err := virt.DomainGetAutostart(domain)
	if err != nil {
		return err
	}
	is.boots = boots == 1
	if is.defined, err = describe(virt, domain, libvirt.DomainXMLInactive); err != nil {
		return err
	}
	noted, err := notesOf(is.defined)
	if err != nil {
		return err
	}
	is.mark = noted.Mark
	if !is.active() {
		return nil
	}
	if is.live, err = describe(virt, domain, 0); err != nil {
		return err
	}
	noted, err = notesOf(is.live)
	is.running, is.ready = noted.Mark, noted.Ready != nil
	return err
}

func describe(virt *libvirt.Libvirt, domain libvirt.Domain, flags libvirt.DomainXMLFlags) (*libvirtxml.Domain, error) {
	text, err := virt.DomainGetXMLDesc(domain, flags)
	if err != nil {
		return nil, err
	}
	parsed := &libvirtxml.Domain{}
	if err := parsed.Unmarshal(text); err != nil {
		return nil, fmt.Errorf("reading the definition of %s: %w", domain.Name, err)
	}
	return parsed, nil
}

// active says whether there is a process, running or not.
func (is *standing) active() bool {
	return is.state != libvirt.DomainShutoff && is.state != libvirt.DomainCrashed && is.state != libvirt.DomainNostate
}

// foreign is a Failure when the domain or a disk of the machine's name is not ours,
// or is ours and nobody has said yet that it may be used without its domain. A seed
// of ours holds nothing that would not be written again.
func (is *standing) foreign(machine Machine, at paths) error {
	switch {
	case is.domain != nil && is.mark == nil:
		return Foreign.Failf("there is a domain %s that wiabctl did not make", machine.Name)
	case is.domain != nil && is.mark.Deployment != machine.Deployment:
		return Foreign.Failf("the domain %s belongs to another deployment, %q", machine.Name, is.mark.Deployment)
	case is.disk != 0 && is.diskLabel != nil && !is.diskLabel.of(machine):
		return Foreign.Failf("the disk %s belongs to %s of the deployment %q", at.disk, is.diskLabel.Machine, is.diskLabel.Deployment)
	case is.domain == nil && is.disk != 0 && is.diskLabel == nil:
		return Foreign.Failf("there is a disk %s without a domain of ours", at.disk)
	case is.domain == nil && is.disk != 0 && !is.reusable:
		return DiskOrphaned.Failf("the disk %s is ours, but its domain %s is gone", at.disk, machine.Name)
	case is.domain == nil && is.seed != "" && !is.seedLabel.of(machine):
		return Foreign.Failf("there is a seed %s without a domain of ours", at.seed)
	default:
		return nil
	}
}
