package vm

import (
	"context"
	"errors"
	"fmt"

	"github.com/digitalocean/go-libvirt"

	"wiabctl/provision/change"
)

// oldest is the libvirt of Ubuntu 22.04, the oldest that the VMs were tried with, as libvirt counts:
// a million for each major version, a thousand for each minor.
const oldest = 8_000_000

// tunDevice is where programs get their end of a VM's network.
const tunDevice = "/dev/net/tun"

// CheckHypervisor is a Failure where libvirt does not answer or VMs can have no network, and a Warning where
// libvirt is old. Without libvirt there is nothing to find: it comes with the host's packages.
func (r *Room) CheckHypervisor(ctx context.Context) error {
	var version uint64
	err := r.Libvirt(ctx, func(virt *libvirt.Libvirt) (err error) {
		version, err = virt.ConnectGetLibVersion()
		return err
	})
	switch {
	case errors.Is(err, change.ErrNotInstalled):
		err = nil
	case err == nil:
		err = outdated(version)
	}
	return errors.Join(err, tunnelling(openable(tunDevice)))
}

// outdated judges the version.
func outdated(version uint64) error {
	if version >= oldest {
		return nil
	}
	return LibvirtOutdated.Warnf("libvirt is %s, older than %s", dotted(version), dotted(oldest))
}

func dotted(version uint64) string {
	return fmt.Sprintf("%d.%d.%d", version/1_000_000, version/1_000%1_000, version%1_000)
}

// tunnelling judges what came of opening the device.
func tunnelling(err error) error {
	if err == nil {
		return nil
	}
	return TunMissing.Failf("%s cannot be opened: %w", tunDevice, err)
}
