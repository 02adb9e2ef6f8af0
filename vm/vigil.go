package vm

import (
	"context"
	"fmt"
	"time"

	"github.com/digitalocean/go-libvirt"
)

// vigil watches over a machine that is waited for.
type vigil struct {
	room    *Room
	want    wanted
	console *transcript
	watch   *Watch
}

const (
	// reading is how often the console is looked at, looking how often the domain's state
	// is, whatever libvirt's events say: one may be lost, and a look may fail, while
	// libvirt is started anew.
	reading = 200 * time.Millisecond
	looking = time.Second
	// mostResets is how often a machine may be reset before it is ready: cloud-init or an
	// update may want one or two.
	mostResets = 3
)

// keep waits until the machine has died, which it returns as a Failure of kind Died, or
// ctx has ended. What can only be ended is: a machine whose kernel panicked or that
// starts again and again is switched off, so that the next start begins from nothing.
func (v *vigil) keep(ctx context.Context) error {
	tick, anyway := time.NewTicker(reading), time.NewTicker(looking)
	defer tick.Stop()
	defer anyway.Stop()
	for {
		fate := ""
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
			if v.console.panicked() {
				fate = v.end(ctx, "had a kernel panic")
			}
		case <-v.watch.Changed():
			fate = v.look(ctx)
		case <-anyway.C:
			fate = v.look(ctx)
		}
		if fate != "" {
			return Died.Failf("%s %s%s", v.want.Name, fate, consoleTail(v.want.console))
		}
	}
}

// end switches the machine off.
func (v *vigil) end(ctx context.Context, fate string) string {
	err := v.room.Libvirt(ctx, func(virt *libvirt.Libvirt) error { return cut(virt, v.want.Name) })
	if err != nil {
		return fmt.Sprintf("%s (and could not be switched off: %v)", fate, err)
	}
	return fate + " and was switched off"
}

// look finds out whether the machine has died, and in words how; "" if it lives, or
// libvirt cannot tell just now.
func (v *vigil) look(ctx context.Context) string {
	if n := v.watch.Resets(); n > mostResets {
		return v.end(ctx, fmt.Sprintf("started %d times over without getting ready", n))
	}
	fate := ""
	err := v.room.Libvirt(ctx, func(virt *libvirt.Libvirt) error {
		domain, err := virt.DomainLookupByName(v.want.Name)
		if missing(err) {
			fate = "was undefined while it was starting"
			return nil
		}
		if err != nil {
			return err
		}
		state, reason, err := virt.DomainGetState(domain, 0)
		fate = fateOf(libvirt.DomainState(state), reason)
		return err
	})
	if err != nil {
		return ""
	}
	if fate == crashed && (v.watch.Panicked() || v.console.panicked()) {
		fate = "had a kernel panic"
	}
	return fate
}

// crashed is also what libvirt says of a process that was killed.
const crashed = "stopped while it was starting: its QEMU process crashed or was killed"

// fateOf tells in words how a domain in this state has died, "" if it has not. Who
// paused it may let it go on; an I/O error does not mend itself.
func fateOf(state libvirt.DomainState, reason int32) string {
	switch state {
	case libvirt.DomainCrashed:
		return crashed
	case libvirt.DomainPaused:
		if libvirt.DomainPausedReason(reason) == libvirt.DomainPausedIoerror {
			return "was paused by an I/O error of its disk: look for a full file system on the host"
		}
		return ""
	case libvirt.DomainShutoff:
		switch libvirt.DomainShutoffReason(reason) {
		case libvirt.DomainShutoffCrashed, libvirt.DomainShutoffFailed:
			return crashed
		case libvirt.DomainShutoffShutdown:
			return "shut itself down while it was starting"
		case libvirt.DomainShutoffDestroyed:
			return "was switched off by somebody while it was starting"
		default:
			return "stopped while it was starting"
		}
	default:
		return ""
	}
}
