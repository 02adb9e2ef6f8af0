package network

import (
	"context"
	"errors"
	"fmt"
	"unsafe"

	"github.com/google/nftables"
	"golang.org/x/sys/unix"
)

// feature is a part of the kernel that the network needs.
type feature struct {
	module string       // that brings it
	ask    func() error // uses it without changing anything; the kernel loads the module if it can
}

// CheckKernel is a Failure of kind KernelMissing for each part that the kernel lacks.
func (f *Fabric) CheckKernel(context.Context) error {
	needed := []feature{{"nf_tables", askNftables}}
	if !f.lent() {
		needed = append(needed, feature{"bridge", askBridge})
	}
	var errs []error
	for _, part := range needed {
		errs = append(errs, part.judge(part.ask()))
	}
	return errors.Join(errs...)
}

// judge says what the kernel's answer means.
func (p feature) judge(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return KernelMissing.Warnf("whether the kernel has %s is not known: %w", p.module, err)
	default:
		return KernelMissing.Failf("the kernel has no %s: %w", p.module, err).By("modprobe " + p.module)
	}
}

// askNftables lists the tables.
func askNftables() error {
	conn, err := nftables.New()
	if err != nil {
		return err
	}
	_, err = conn.ListTables()
	return err
}

// askBridge asks for the version of the bridges' interface, as brctl does (linux/if_bridge.h).
func askBridge() error {
	const version = 0 // BRCTL_GET_VERSION
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("a socket: %w", err)
	}
	defer unix.Close(socket)
	arguments := [3]uintptr{version}
	if _, _, failed := unix.Syscall(unix.SYS_IOCTL, uintptr(socket), unix.SIOCGIFBR, uintptr(unsafe.Pointer(&arguments))); failed != 0 {
		return failed
	}
	return nil
}
