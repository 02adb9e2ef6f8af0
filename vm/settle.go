package vm

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/digitalocean/go-libvirt"
	"github.com/google/renameio/v2"

	"wiabctl/provision/change"
)

// settle makes the machine what it should be and waits until it is ready. Each
// step is skipped where nothing is to do, so it may be repeated after an
// interruption anywhere: the definition, which carries our mark, comes before
// any file, hence nothing of ours is ever without an owner.
func (r *Room) settle(ctx context.Context, machine Machine, say change.Progress) error {
	want, err := r.want(machine)
	if err != nil {
		return err
	}
	if want.image == nil {
		return fmt.Errorf("keys of %s: %w", machine.Name, fs.ErrNotExist)
	}
	is, err := r.observe(ctx, machine)
	if err != nil {
		return err
	}
	if err := is.foreign(machine, want.paths); err != nil {
		return err
	}
	if err := r.define(ctx, is, want); err != nil {
		return fmt.Errorf("defining domain %s: %w", machine.Name, err)
	}
	if is.restarts(want) {
		say.Sayf("shutting %s down to restart it", machine.Name)
		if err := r.end(ctx, is, machine, say); err != nil {
			return err
		}
		is.state = libvirt.DomainShutoff
	}
	if err := r.furnish(ctx, is, want); err != nil {
		return err
	}
	if err := r.bringUp(ctx, is, want, say); err != nil || want.former == "" {
		return err
	}
	return r.rekey(ctx, want)
}

// rekey replaces the keys of the machine, which is ready, and notes on what runs that
// this came to the same as its new seed.
func (r *Room) rekey(ctx context.Context, want wanted) error {
	if err := r.Rekey(ctx, want.Machine); err != nil {
		return fmt.Errorf("replacing the SSH keys of %s: %w", want.Name, err)
	}
	text, err := xml.Marshal(bare{mark: mark{Deployment: want.Deployment, Seed: want.digest}})
	if err != nil {
		return err
	}
	return r.note(ctx, want.Machine, namespace, string(text))
}

// bringUp starts the machine and waits until it is ready.
func (r *Room) bringUp(ctx context.Context, is *standing, want wanted, say change.Progress) error {
	console, err := transcribe(want.console)
	if err != nil {
		return fmt.Errorf("console of %s: %w", want.Name, err)
	}
	if err := r.start(ctx, is, want.Machine); err != nil {
		return fmt.Errorf("starting domain %s: %w", want.Name, err)
	}
	return r.await(ctx, want, console, say)
}

// define writes the domain's definition where it differs.
func (r *Room) define(ctx context.Context, is *standing, want wanted) error {
	if is.domain != nil && !is.transient && len(compare(is.defined, want)) == 0 && is.mark.Seed == want.digest {
		return nil
	}
	definition, err := want.domain(r.Network, want.paths, want.digest)
	if err != nil {
		return err
	}
	text, err := definition.Marshal()
	if err != nil {
		return err
	}
	return r.Libvirt(ctx, func(virt *libvirt.Libvirt) error {
		_, err := virt.DomainDefineXMLFlags(text, libvirt.DomainDefineValidate)
		return err
	})
}

// furnish puts the machine's files in place: the disk, grown if it is too small
// and closed to others, and the seed; before, the directories of both and of the
// console's log.
func (r *Room) furnish(ctx context.Context, is *standing, want wanted) error {
	for _, directory := range []string{r.Images, r.Console} {
		if err := os.MkdirAll(directory, 0o711); err != nil { // QEMU's user has to pass
			return fmt.Errorf("directory for %s: %w", want.Name, err)
		}
	}
	if err := is.fit(ctx, r.Base, want); err != nil {
		return fmt.Errorf("disk of %s: %w", want.Name, err)
	}
	if is.seed == want.digest && !is.unlabelled {
		return nil
	}
	if err := want.writeSeed(); err != nil {
		return fmt.Errorf("seed of %s: %w", want.Name, err)
	}
	return nil
}

// writeSeed puts the seed in its place whole, with our label where the file system
// keeps one.
func (w wanted) writeSeed() error {
	file, err := renameio.NewPendingFile(w.seed, renameio.WithPermissions(private), renameio.IgnoreUmask())
	if err != nil {
		return err
	}
	defer file.Cleanup() //nolint:errcheck // nothing is left to clean once it has its name
	if err := seedLabel(w.Machine).stick(file.File); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	if _, err := file.Write(w.image); err != nil {
		return err
	}
	return file.CloseAtomicallyReplace()
}

// fit makes the disk what it should be.
func (is *standing) fit(ctx context.Context, base func() (string, error), want wanted) error {
	if is.disk == 0 {
		path, err := base()
		if err != nil {
			return err
		}
		return layer(ctx, path, want)
	}
	if is.unlabelled && is.diskLabel == nil {
		if err := diskLabel(want.Machine).stickTo(want.disk); err != nil {
			return err
		}
	}
	if is.loose {
		if err := os.Chmod(want.disk, private); err != nil {
			return err
		}
	}
	if is.disk < want.Disk {
		return grow(ctx, want.disk, want.Disk)
	}
	return nil
}

// start sets autostart and makes the domain run.
func (r *Room) start(ctx context.Context, is *standing, machine Machine) error {
	return r.Libvirt(ctx, func(virt *libvirt.Libvirt) error {
		domain, err := virt.DomainLookupByName(machine.Name)
		if err != nil {
			return err
		}
		if err := virt.DomainSetAutostart(domain, 1); err != nil {
			return err
		}
		switch is.state {
		case libvirt.DomainPaused:
			return virt.DomainResume(domain)
		case libvirt.DomainPmsuspended:
			return virt.DomainPmWakeup(domain, 0)
		}
		if is.active() {
			return nil
		}
		return virt.DomainCreate(domain)
	})
}

// grace is how long a guest may take to shut down before it is cut off: databases
// write out all they hold.
const grace = 5 * time.Minute

// end ends what runs, as its guest wants it if the guest can still hear.
func (r *Room) end(ctx context.Context, is *standing, machine Machine, say change.Progress) error {
	switch {
	case !is.active() && !is.dead():
		return nil
	case is.dead():
		return r.Libvirt(ctx, func(virt *libvirt.Libvirt) error { return cut(virt, machine.Name) })
	case is.state == libvirt.DomainPaused:
		err := r.Libvirt(ctx, func(virt *libvirt.Libvirt) error { return virt.DomainResume(*is.domain) })
		if err != nil {
			return fmt.Errorf("resuming domain %s, to shut it down: %w", machine.Name, err)
		}
	}
	return r.stop(ctx, machine, say)
}

// stop shuts the domain down, and cuts it off after a grace.
func (r *Room) stop(ctx context.Context, machine Machine, say change.Progress) error {
	down := change.Condition{
		Description: machine.Name + " to shut down",
		Deadline:    grace,
		Interval:    200 * time.Millisecond,
		Check: func(ctx context.Context) error {
			return r.Libvirt(ctx, func(virt *libvirt.Libvirt) error {
				domain, err := virt.DomainLookupByName(machine.Name)
				if err != nil {
					return change.Never(err)
				}
				// Asked again each time: a guest that still boots ignores it.
				if err := virt.DomainShutdown(domain); err != nil {
					return ended(virt, domain)
				}
				return fmt.Errorf("it was asked to")
			})
		},
	}
	err := down.Await(ctx, say)
	if err == nil || change.Left(ctx) != nil {
		return err
	}
	say.Sayf("%s does not shut down, cutting it off", machine.Name)
	return r.Libvirt(ctx, func(virt *libvirt.Libvirt) error { return cut(virt, machine.Name) })
}

// ended is nil when the domain has no process any more.
func ended(virt *libvirt.Libvirt, domain libvirt.Domain) error {
	state, _, err := virt.DomainGetState(domain, 0)
	if err != nil {
		return err
	}
	is := standing{state: libvirt.DomainState(state)}
	if is.active() {
		return errors.New("it still runs")
	}
	return nil
}

// cut ends the domain's process at once; none is success.
func cut(virt *libvirt.Libvirt, name string) error {
	domain, err := virt.DomainLookupByName(name)
	if missing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if ended(virt, domain) == nil {
		return nil
	}
	if err := virt.DomainDestroyFlags(domain, libvirt.DomainDestroyDefault); err != nil && ended(virt, domain) != nil {
		return fmt.Errorf("ending domain %s: %w", name, err)
	}
	return nil
}
