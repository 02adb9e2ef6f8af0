package vm

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/digitalocean/go-libvirt"
)

// crew are the machines of a snapshot and whether each has a QEMU process, in the
// order of the room.
type crew struct {
	room *Room
	live map[string]bool
}

// muster finds all machines and refuses what cannot be part of a consistent set: one
// that is not there, is not ours, or neither runs nor is shut off.
func (r *Room) muster(ctx context.Context) (crew, error) {
	found := crew{room: r, live: map[string]bool{}}
	var guard sync.Mutex
	err := r.each(func(machine Machine) error {
		is, err := r.observe(ctx, machine)
		if err != nil {
			return err
		}
		guard.Lock()
		found.live[machine.Name] = is.active()
		guard.Unlock()
		return is.unfit(machine, r.paths(machine))
	})
	return found, err
}

// unfit is why no snapshot can be taken of the machine.
func (is *standing) unfit(machine Machine, at paths) error {
	if err := is.foreign(machine, at); err != nil {
		return err
	}
	switch {
	case is.domain == nil:
		return SnapshotRefused.Failf("there is no such domain")
	case is.disk == 0:
		return SnapshotRefused.Failf("its disk %s is missing", at.disk)
	case is.active() && is.state != libvirt.DomainRunning:
		return SnapshotRefused.Failf("it neither runs nor is shut off: %s", is.halted())
	default:
		return nil
	}
}

// each does something for every machine, side by side, and joins the errors.
func (r *Room) each(do func(Machine) error) error {
	errs := make([]error, len(r.Machines))
	var all sync.WaitGroup
	for i, machine := range r.Machines {
		all.Go(func() {
			if err := do(machine); err != nil {
				errs[i] = fmt.Errorf("%s: %w", machine.Name, err)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// call runs one libvirt call on the machine's domain.
func (r *Room) call(ctx context.Context, machine Machine, do func(*libvirt.Libvirt, libvirt.Domain) error) error {
	return r.Libvirt(ctx, func(virt *libvirt.Libvirt) error {
		domain, err := virt.DomainLookupByName(machine.Name)
		if err != nil {
			return err
		}
		return do(virt, domain)
	})
}

// pause lets no machine run on. Whatever one sent before was sent before the others
// paused too, so what they hold together is a state that could have been.
func (c crew) pause(ctx context.Context) error {
	return c.room.each(func(machine Machine) error {
		if !c.live[machine.Name] {
			return nil
		}
		return c.room.call(ctx, machine, (*libvirt.Libvirt).DomainSuspend)
	})
}

// resume lets those that ran go on; it does so also when ctx has ended.
func (c crew) resume(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	return c.room.each(func(machine Machine) error {
		if !c.live[machine.Name] {
			return nil
		}
		return c.room.call(ctx, machine, goOn)
	})
}

// goOn resumes a domain that is paused.
func goOn(virt *libvirt.Libvirt, domain libvirt.Domain) error {
	state, _, err := virt.DomainGetState(domain, 0)
	if err != nil || libvirt.DomainState(state) != libvirt.DomainPaused {
		return err
	}
	return virt.DomainResume(domain)
}
