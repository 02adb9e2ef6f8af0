package provision

import (
	"context"
	"fmt"
	"io"

	"wiabctl/cluster"
	"wiabctl/provision/change"
	"wiabctl/vm"
)

// What the commands about single VMs speak of.
type (
	// VM is what a machine is at the moment.
	VM = vm.Status
	// Session is what a person does on a VM over SSH.
	Session = cluster.Session
	// Terminal is the terminal that a Session is shown on.
	Terminal = cluster.Terminal
	// TerminalSize is in characters.
	TerminalSize = cluster.TerminalSize
)

// VMNames are the names of the VMs, which every installation has.
func VMNames() []string { return vm.Names() }

// ListVMs tells of every VM.
func (i *Installation) ListVMs(ctx context.Context) ([]VM, error) { return i.provider.list(ctx) }

// StartVMs starts the named VMs, waits until they are ready and returns how many it
// started. The caller holds the run lock, as for the next two.
func (i *Installation) StartVMs(ctx context.Context, names []string) (int, error) {
	return i.actOnVMs(ctx, func() ([]change.Change, error) { return i.room().Start(ctx, names) })
}

// StopVMs shuts the named VMs down, or cuts them off at once if force is set.
func (i *Installation) StopVMs(ctx context.Context, names []string, force bool) (int, error) {
	return i.actOnVMs(ctx, func() ([]change.Change, error) { return i.room().Stop(ctx, names, force) })
}

// RestartVMs stops and starts the named VMs, one after the other.
func (i *Installation) RestartVMs(ctx context.Context, names []string, force bool) (int, error) {
	return i.actOnVMs(ctx, func() ([]change.Change, error) { return i.room().Restart(ctx, names, force) })
}

func (i *Installation) actOnVMs(ctx context.Context, plan func() ([]change.Change, error)) (int, error) {
	if i.provider.refusal != nil {
		return 0, i.provider.refusal
	}
	if err := i.snapshots().Check(ctx); err != nil {
		return 0, err
	}
	changes, err := plan()
	if err != nil {
		return 0, err
	}
	return i.pipeline.apply(ctx, "vms", changes)
}

// AttachConsole connects the streams with a VM's serial console until Ctrl-].
func (i *Installation) AttachConsole(ctx context.Context, name string, in io.Reader, out io.Writer) error {
	if i.provider.refusal != nil {
		return i.provider.refusal
	}
	return i.room().Attach(ctx, name, in, out)
}

// VMLog writes what a VM's serial console said; with follow it goes on.
func (i *Installation) VMLog(ctx context.Context, name string, follow bool, out io.Writer) error {
	if i.provider.refusal != nil {
		return i.provider.refusal
	}
	return i.room().Log(ctx, name, follow, out)
}

// SSH runs a session on a VM, whose host key is known, and returns its exit status.
func (i *Installation) SSH(ctx context.Context, name string, s Session) (int, error) {
	target, err := i.vmTarget(name)
	if err != nil {
		return 0, err
	}
	return target.Attach(ctx, s)
}

func (i *Installation) vmTarget(name string) (cluster.Target, error) {
	for _, m := range i.vms() {
		if m.Name == name {
			return i.target(m)
		}
	}
	return cluster.Target{}, fmt.Errorf("there is no VM %q in this deployment", name)
}
