package vm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// kvmDevice is the kernel's door to the processor's virtualisation.
const kvmDevice = "/dev/kvm"

// Check finds what stands against the machines before anything is made, all of
// it at once: an unusable KVM, domains and disks that are not ours, disks that
// would have to shrink.
func (r *Room) Check(ctx context.Context) error {
	var errs []error
	for _, machine := range r.Machines {
		if machine.Accel == KVM {
			errs = append(errs, usable(kvmDevice))
			break
		}
	}
	for _, machine := range r.Machines {
		is, err := r.observe(ctx, machine)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		errs = append(errs, is.obstacle(machine, r.paths(machine)))
	}
	return errors.Join(errs...)
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

// usable tells in a Failure why KVM cannot be used, nil if it can.
func usable(device string) error {
	file, err := os.OpenFile(device, os.O_RDWR, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return KVMMissing.Failf("there is no %s: virtualisation is off in the firmware, or its module is not loaded", device)
	case errors.Is(err, fs.ErrPermission):
		return KVMMissing.Failf("%s cannot be opened: %w; run wiabctl as root", device, err)
	case err != nil:
		return KVMMissing.Failf("%s cannot be opened: %w", device, err)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("closing %s: %w", device, err)
	}
	return nil
}
