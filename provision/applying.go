package provision

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"wiabctl/provision/change"
)

// apply makes the changes in order; neighbours that are Concurrent are made side by
// side, and all of them are finished before an error of one is returned.
func (p *Pipeline) apply(ctx context.Context, stage string, changes []change.Change) (made int, err error) {
	for len(changes) > 0 {
		errs := p.applySome(ctx, stage, changes)
		made += succeeded(errs)
		if err := errors.Join(errs...); err != nil {
			return made, err
		}
		changes = changes[len(errs):]
	}
	return made, nil
}

// applySome makes the first of the changes, and as many of those after it as may be made
// beside it. It returns the error of each, nil where there is none.
func (p *Pipeline) applySome(ctx context.Context, stage string, changes []change.Change) []error {
	n := 1
	for changes[0].Concurrent && n < len(changes) && changes[n].Concurrent && n != changes[0].AtMost {
		n++
	}
	errs := make([]error, n)
	var all sync.WaitGroup
	for i, c := range changes[:n] {
		all.Go(func() { errs[i] = p.applyOne(ctx, stage, c) })
	}
	all.Wait()
	return errs
}

func succeeded(errs []error) int {
	n := 0
	for _, err := range errs {
		if err == nil {
			n++
		}
	}
	return n
}

func (p *Pipeline) applyOne(ctx context.Context, stage string, c change.Change) error {
	work, finished := change.Finishing(ctx)
	defer finished()
	waiting, left := change.Waiting(work)
	defer left()
	if err := context.Cause(waiting); err != nil {
		return err
	}
	began := time.Now()
	about := Event{Stage: stage, Verb: c.Verb, Subject: c.Subject}
	send := func(kind EventKind, text string, took time.Duration) {
		e := about
		e.Kind, e.Text, e.Took = kind, text, took
		p.send(e)
	}
	send(ChangeBegun, c.Reason, 0)
	told := make(chan struct{})
	tell := func() {
		defer close(told)
		if change.Asked(ctx) { // else something failed beside it
			send(ChangeLeft, leaving(c), 0)
		}
	}
	stop := context.AfterFunc(waiting, tell)
	if leavable(c) {
		work = waiting
	}
	err := c.Apply(work, func(line string) { send(Progressed, line, 0) })
	switch {
	case !stop():
		<-told
	case err != nil: // it may have been left before anybody could tell
		tell()
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", c.Verb, c.Subject, err)
	}
	send(ChangeMade, "", time.Since(began))
	return nil
}

// leavable tells whether a change may be left at any moment: a wait changes nothing, and a
// script on the admin host goes on by itself.
func leavable(c change.Change) bool { return c.Verb == change.Wait || c.Verb == change.Run }

// leaving says what becomes of a change when somebody wants to stop.
func leaving(c change.Change) string {
	switch {
	case c.Verb == change.Run:
		return "it goes on without wiabctl; the next run, or wiabctl attach, follows it"
	case leavable(c):
		return "it is left; the next run waits for it again"
	default:
		return "it is finished first, or left where it waits; Ctrl-C once more stops at once, which the next run mends"
	}
}
