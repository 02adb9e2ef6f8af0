package vm

import (
	"context"
	"errors"
	"slices"
)

// Check finds what stands against the machines before anything is made, all of
// it at once: an unusable KVM, domains and disks that are not ours, disks that
// would have to shrink, too little room or memory on the host. It warns where the
// host is slower or smaller than the machines may want some day.
func (r *Room) Check(ctx context.Context) error {
	var errs []error
	if slices.ContainsFunc(r.Machines, func(m Machine) bool { return m.Accel == KVM }) {
		host, err := lookAtKVM()
		if err != nil {
			return err
		}
		errs = append(errs, host.obstacle())
	}
	var wants demand
	for _, machine := range r.Machines {
		is, err := r.observe(ctx, machine)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		errs = append(errs, is.obstacle(machine, r.paths(machine)))
		wants.add(machine, is)
	}
	return errors.Join(append(errs, r.capacity(wants))...)
}

// capacity is what the host lacks for what the machines want of it.
func (r *Room) capacity(wants demand) error {
	space, noSpace := freeSpace(r.Images)
	memory, noMemory := freeMemory()
	if err := errors.Join(noSpace, noMemory); err != nil {
		return err
	}
	return errors.Join(wants.diskObstacle(r.Images, space), wants.memoryObstacle(memory))
}

// obstacle is why the machine cannot be made what it should be, nil if nothing is.
func (is *standing) obstacle(machine Machine, at paths) error {
	if err := is.foreign(machine, at); err != nil {
		return err
	}
	if is.disk > machine.Disk {
		return DiskShrinks.Failf("the disk of %s is %s, configured %s", machine.Name, is.disk, machine.Disk)
	}
	return nil
}
