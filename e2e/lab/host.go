package lab

import (
	"context"
	"os/exec"
)

// kvmHost is the lab's KVM host.
func (l *Lab) kvmHost() *Machine { return &Machine{lab: l, name: "host"} }

// Host prepares a command on the KVM host: see Machine.Run.
func (l *Lab) Host(ctx context.Context, name string, args ...string) *exec.Cmd {
	return l.kvmHost().Run(ctx, name, args...)
}

// Path is where we see a file of the KVM host: see Machine.Path.
func (l *Lab) Path(p string) string { return l.kvmHost().Path(p) }

// Reboot reboots the KVM host as a person would and waits until it is up again.
func (l *Lab) Reboot(ctx context.Context) error { return l.kvmHost().reboot(ctx) }
