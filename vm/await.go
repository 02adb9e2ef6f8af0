package vm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/digitalocean/go-libvirt"

	"wiabctl/provision/change"
)

// readyNote is what a running domain's metadata holds once it was seen ready;
// it goes when the domain stops.
const readyNote = "<ready/>"

// await waits until the machine answers, and notes that on the running domain so that
// the next plan need not ask it again. It ends at once when the machine dies; console
// is what it printed since it started.
func (r *Room) await(ctx context.Context, want wanted, console *transcript, say change.Progress) error {
	say.Sayf("waiting for %s", want.Name)
	waiting, left := change.Waiting(ctx)
	defer left()
	alive, died := context.WithCancelCause(waiting)
	defer died(nil)
	vigil := &vigil{room: r, want: want, console: console, watch: r.Watch(alive, want.Name)}
	go func() { died(vigil.keep(alive)) }()
	if err := r.answer(alive, want.Machine, say); err != nil {
		switch {
		case alive.Err() != nil:
			return context.Cause(alive)
		case change.Left(ctx) != nil:
			return change.Left(ctx)
		}
		return NotReady.Failf("%w%s", err, consoleTail(want.console))
	}
	return r.note(ctx, want.Machine, readyNamespace, readyNote)
}

// note writes an XML element without prefixes into the metadata of the running domain,
// in place of the one that the namespace has there.
func (r *Room) note(ctx context.Context, machine Machine, namespace, element string) error {
	return r.Libvirt(ctx, func(virt *libvirt.Libvirt) error {
		domain, err := virt.DomainLookupByName(machine.Name)
		if err != nil {
			return fmt.Errorf("writing a note on %s: %w", machine.Name, err)
		}
		return virt.DomainSetMetadata(domain, int32(libvirt.DomainMetadataElement),
			libvirt.OptString{element}, libvirt.OptString{"wiabctl"}, libvirt.OptString{namespace},
			libvirt.DomainAffectLive)
	})
}

// saying is how long one look at a machine that is waited for takes, after which what
// is missing is said.
const saying = 10 * time.Second

// answer waits until the machine answers over SSH with cloud-init done, at most Ready.
func (r *Room) answer(ctx context.Context, machine Machine, say change.Progress) error {
	answered := make(chan error, 1)
	misses := make(chan error)
	go func() {
		err := r.Await(ctx, machine, func(missing error) {
			select {
			case misses <- missing:
			case <-ctx.Done():
			}
		})
		if ctx.Err() == nil {
			answered <- err
		}
	}()
	missing := errors.New("it was just started")
	look := func(ctx context.Context) error {
		for again := time.After(saying); ; {
			select {
			case err := <-answered:
				return change.Never(err)
			case missing = <-misses:
			case <-again:
				return missing
			case <-ctx.Done():
				return missing
			}
		}
	}
	return change.Condition{
		Description: machine.Name + " to answer over SSH with cloud-init done",
		Deadline:    r.Ready,
		Interval:    time.Millisecond, // a look itself waits
		Check:       look,
	}.Await(ctx, say)
}
