package vm

import (
	"context"
	"errors"
	"fmt"

	"github.com/digitalocean/go-libvirt"

	"wiabctl/provision/change"
)

// Names are the names of all machines, in the order in which they are listed.
func Names() []string {
	var names []string
	for _, at := range slots() {
		names = append(names, at.name)
	}
	return names
}

// Start returns the changes that make the named machines run and wait until each is
// ready; one that is ready needs none.
func (r *Room) Start(ctx context.Context, names []string) ([]change.Change, error) {
	return r.named(ctx, names, func(machine Machine, is *standing) *change.Change {
		verb, reason := change.Start, is.halted()
		if reason == "" && !is.ready {
			verb, reason = r.glance(ctx, machine, is.domain.ID)
		}
		if reason == "" {
			return nil
		}
		return &change.Change{Verb: verb, Reason: reason, Concurrent: true, Apply: func(ctx context.Context, say change.Progress) error {
			return r.run(ctx, machine, say)
		}}
	})
}

// Stop returns the changes that shut the named machines down, or cut them off at once
// if force is set; one that does not run needs none.
func (r *Room) Stop(ctx context.Context, names []string, force bool) ([]change.Change, error) {
	return r.named(ctx, names, func(machine Machine, is *standing) *change.Change {
		if !is.active() {
			return nil
		}
		return &change.Change{Verb: change.Stop, Reason: is.ending(force), Concurrent: true, Apply: func(ctx context.Context, say change.Progress) error {
			return r.halt(ctx, machine, force, say)
		}}
	})
}

// Restart returns the changes that end the named machines as Stop does, start them
// and wait until each is ready. They are made one by one: a cluster outlives that.
func (r *Room) Restart(ctx context.Context, names []string, force bool) ([]change.Change, error) {
	return r.named(ctx, names, func(machine Machine, is *standing) *change.Change {
		reason := is.ending(force)
		if !is.active() {
			reason = is.halted()
		}
		return &change.Change{Verb: change.Restart, Reason: reason, Apply: func(ctx context.Context, say change.Progress) error {
			if err := r.halt(ctx, machine, force, say); err != nil {
				return err
			}
			return r.run(ctx, machine, say)
		}}
	})
}

// named finds the change that every named machine needs; all of them have to exist
// and be ours.
func (r *Room) named(ctx context.Context, names []string, find func(Machine, *standing) *change.Change) ([]change.Change, error) {
	var changes []change.Change
	var errs []error
	for _, name := range names {
		machine, is, err := r.present(ctx, name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if c := find(machine, is); c != nil {
			c.Subject = "domain " + name
			changes = append(changes, *c)
		}
	}
	return changes, errors.Join(errs...)
}

// present observes the machine of this name; one that is not there, or not ours, is
// a Failure.
func (r *Room) present(ctx context.Context, name string) (Machine, *standing, error) {
	machine, err := r.machine(name)
	if err != nil {
		return Machine{}, nil, err
	}
	is, err := r.observe(ctx, machine)
	if err != nil {
		return Machine{}, nil, err
	}
	if err := is.foreign(machine, r.paths(machine)); err != nil {
		return Machine{}, nil, err
	}
	switch {
	case is.domain == nil:
		return Machine{}, nil, Missing.Failf("there is no VM %s", name)
	case is.disk == 0:
		return Machine{}, nil, Missing.Failf("the disk of %s is missing: %s", name, r.paths(machine).disk)
	}
	return machine, is, nil
}

func (r *Room) machine(name string) (Machine, error) {
	for _, machine := range r.Machines {
		if machine.Name == name {
			return machine, nil
		}
	}
	return Machine{}, fmt.Errorf("there is no VM %q in this deployment", name)
}

// ending says what happens to a machine that is to end.
func (is *standing) ending(force bool) string {
	if force {
		return "it is cut off"
	}
	return "it is shut down"
}

// halt stops the machine, at once if force is set.
func (r *Room) halt(ctx context.Context, machine Machine, force bool, say change.Progress) error {
	_, is, err := r.present(ctx, machine.Name)
	if err != nil {
		return err
	}
	if force {
		return r.Libvirt(ctx, func(virt *libvirt.Libvirt) error { return cut(virt, machine.Name) })
	}
	return r.end(ctx, is, machine, say)
}

// run starts the machine, after its end if it is about to end or can never go on, and
// waits until it is ready.
func (r *Room) run(ctx context.Context, machine Machine, say change.Progress) error {
	want, err := r.want(machine)
	if err != nil {
		return err
	}
	_, is, err := r.present(ctx, machine.Name)
	if err != nil {
		return err
	}
	if is.dead() || is.state == libvirt.DomainShutdown {
		if err := r.halt(ctx, machine, false, say); err != nil {
			return err
		}
		is.state = libvirt.DomainShutoff
	}
	return r.bringUp(ctx, is, want, say)
}
