package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"wiabctl/provision/change"
)

// Pipeline plans and applies steps in the order of what they need.
type Pipeline struct {
	Steps   []Step
	Observe Observer

	mu sync.Mutex
}

// Planned is what one stage has to do, or why it cannot tell.
type Planned struct {
	Stage   string
	Changes []change.Change
	Err     error
	Took    time.Duration // to find out
}

// Count is the number of changes in several plans.
func Count(plans []Planned) int {
	n := 0
	for _, p := range plans {
		n += len(p.Changes)
	}
	return n
}

// Plan observes all stages at once and returns their plans in the steps' order.
func (p *Pipeline) Plan(ctx context.Context) []Planned {
	plans := make([]Planned, len(p.Steps))
	var all sync.WaitGroup
	for i, step := range p.Steps {
		all.Go(func() {
			began := time.Now()
			changes, err := step.Plan(noting(ctx, step.Name()))
			if err != nil {
				err = fmt.Errorf("%s: %w", step.Name(), err)
			}
			plans[i] = Planned{Stage: step.Name(), Changes: changes, Err: err, Took: time.Since(began)}
		})
	}
	all.Wait()
	return plans
}

// noting lets what a stage does be noted as its.
func noting(ctx context.Context, stage string) context.Context {
	return change.WithLog(ctx, change.Log(ctx).With("stage", stage))
}

// Blocked is why a run cannot begin: the errors of the stages that cannot tell
// what they have to do. A stage that stands after one with changes does not count:
// those changes may be what it lacks, and it plans again in its turn. What several stages
// ran into is told once.
func (p *Pipeline) Blocked(plans []Planned) error {
	var errs []error
	met := map[*change.Failure]int{}
	also := map[int][]string{}
	for i, step := range p.Steps {
		if plans[i].Err == nil || p.touched(step, plans) {
			continue
		}
		if failures := change.Failures(plans[i].Err); len(failures) == 1 {
			if first, again := met[failures[0]]; again {
				also[first] = append(also[first], step.Name())
				continue
			}
			met[failures[0]] = len(errs)
		}
		errs = append(errs, plans[i].Err)
	}
	for first, stages := range also {
		errs[first] = fmt.Errorf("%w; the same stands in the way of %s", errs[first], strings.Join(stages, ", "))
	}
	return errors.Join(errs...)
}

// Up makes the system as the plans say, each stage as soon as those before it are
// done, and lets every stage that changed something, or that stands after one, plan
// again: what it still wants after its changes is an error. It returns how many
// changes were made; none when the plans are Blocked.
func (p *Pipeline) Up(ctx context.Context, plans []Planned) (int, error) {
	if err := p.Blocked(plans); err != nil {
		return 0, err
	}
	done := map[string]chan struct{}{}
	for _, step := range p.Steps {
		done[step.Name()] = make(chan struct{})
	}
	made := make([]int, len(p.Steps))
	var group errgroup.Group
	work, finished := change.Finishing(ctx)
	defer finished()
	work, fail := context.WithCancelCause(work)
	defer fail(nil)
	for i, step := range p.Steps {
		group.Go(func() (err error) {
			stale := p.touched(step, plans)
			if !p.awaitStages(ctx, work, step, done, stale || len(plans[i].Changes) > 0) {
				return nil // what stopped the run is told elsewhere
			}
			if made[i], err = p.bring(work, step, plans[i], stale); err != nil {
				err = fmt.Errorf("%s: %w", step.Name(), err)
				if ctx.Err() == nil { // else the others are finishing what they do
					fail(err)
				}
				return err
			}
			close(done[step.Name()])
			return nil
		})
	}
	err := group.Wait()
	if err == nil {
		err = p.unfinished(ctx, done)
	}
	total := 0
	for _, n := range made {
		total += n
	}
	return total, err
}

// awaitStages waits until the stages are done that this one stands after, and tells of it
// where there may be something to do; false if the run ends before.
func (p *Pipeline) awaitStages(ctx, work context.Context, step Step, done map[string]chan struct{}, busy bool) bool {
	for _, before := range step.After {
		select {
		case <-done[before]:
			continue
		default:
		}
		if busy {
			p.send(Event{Stage: step.Name(), Kind: StageWaits, Text: before})
		}
		select {
		case <-done[before]:
		case <-work.Done():
			return false
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// unfinished is why the run ended before all stages were done, if it did.
func (p *Pipeline) unfinished(ctx context.Context, done map[string]chan struct{}) error {
	for _, step := range p.Steps {
		select {
		case <-done[step.Name()]:
		default:
			return fmt.Errorf("%s: %w", step.Name(), context.Cause(ctx))
		}
	}
	return nil
}

// touched tells whether a stage that this one stands after, directly or not, had
// something to do, so that its own plan is out of date.
func (p *Pipeline) touched(step Step, plans []Planned) bool {
	for _, before := range step.After {
		for i, other := range p.Steps {
			if other.Name() == before && (len(plans[i].Changes) > 0 || p.touched(other, plans)) {
				return true
			}
		}
	}
	return false
}

// busy are the stages that have something to do by these plans, or may have once those before
// them are done.
func (p *Pipeline) busy(plans []Planned) []string {
	var names []string
	for i, step := range p.Steps {
		if len(plans[i].Changes) > 0 || p.touched(step, plans) {
			names = append(names, step.Name())
		}
	}
	return names
}

// bring makes one stage as it should be.
func (p *Pipeline) bring(ctx context.Context, step Step, plan Planned, stale bool) (made int, err error) {
	began := time.Now()
	name := step.Name()
	ctx = noting(ctx, name)
	defer func() {
		e := Event{Stage: name, Kind: StageDone, Changes: made, Took: time.Since(began)}
		if err != nil {
			e.Kind, e.Text, e.Failures = StageFailed, err.Error(), failureIDs(err)
		}
		p.send(e)
	}()
	changes := plan.Changes
	if stale {
		if changes, err = planNow(ctx, step); err != nil {
			return 0, err
		}
	}
	p.send(Event{Stage: name, Kind: StagePlanned, Changes: len(changes)})
	if len(changes) == 0 {
		return 0, nil
	}
	if made, err = p.apply(ctx, name, changes); err != nil {
		return made, err
	}
	left, err := planNow(ctx, step)
	if err != nil {
		return made, err
	}
	if len(left) > 0 {
		return made, NotConverged.Failf("after all its changes the stage still wants to %s", left[0])
	}
	return made, nil
}

// planNow is the stage's plan, which may be left at any moment.
func planNow(ctx context.Context, step Step) ([]change.Change, error) {
	ctx, left := change.Waiting(ctx)
	defer left()
	return step.Plan(ctx)
}

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

// applySome makes the first of the changes, and those after it that may be made
// beside it. It returns the error of each, nil where there is none.
func (p *Pipeline) applySome(ctx context.Context, stage string, changes []change.Change) []error {
	n := 1
	for changes[0].Concurrent && n < len(changes) && changes[n].Concurrent {
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
	stop := context.AfterFunc(waiting, func() {
		if change.Asked(ctx) { // else something failed beside it
			send(ChangeLeft, leaving(c), 0)
		}
	})
	if leavable(c) {
		work = waiting
	}
	err := c.Apply(work, func(line string) { send(Progressed, line, 0) })
	stop()
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

func (p *Pipeline) send(e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e.Time = time.Now()
	p.Observe(e)
}

// Tell sends what plans want to who observes, and who cannot tell.
func (p *Pipeline) Tell(plans []Planned) {
	for _, plan := range plans {
		for _, c := range plan.Changes {
			p.send(Event{Stage: plan.Stage, Kind: ChangeWanted, Verb: c.Verb, Subject: c.Subject, Text: c.Reason, Diff: c.Diff, Within: heldBy(c, plans)})
		}
		if plan.Err != nil {
			p.send(Event{Stage: plan.Stage, Kind: StageUnclear, Text: strings.TrimPrefix(plan.Err.Error(), plan.Stage+": "), Failures: failureIDs(plan.Err)})
		}
	}
}

// heldBy is the subject of the planned change whose Diff tells of all places that this one's does; empty if there is none.
func heldBy(c change.Change, plans []Planned) string {
	for _, plan := range plans {
		for _, other := range plan.Changes {
			told := change.Places(other.Diff)
			elsewhere := func(place string) bool { return !slices.Contains(told, place) }
			if len(c.Diff) > 0 && other.Subject == c.Within && !slices.ContainsFunc(change.Places(c.Diff), elsewhere) {
				return other.Subject
			}
		}
	}
	return ""
}

// warn tells of a finding that stops nothing.
func (p *Pipeline) warn(stage string, f Finding) {
	p.send(Event{Stage: stage, Kind: Warned, Subject: f.ID, Text: f.Seen + "; " + f.Advice})
}

// Extent is how much down takes back.
type Extent int

// What down takes back.
const (
	ButPackages Extent = iota // all but what others may use by now
	ButDisks                  // what an installation on the same disks does without
	Everything
)

// PlanDown asks every stage that can for what it made, last stage first.
func (p *Pipeline) PlanDown(ctx context.Context, extent Extent) []Planned {
	var plans []Planned
	for _, step := range slices.Backward(p.Steps) {
		remove := removal(step.Stage, extent)
		if remove == nil {
			continue
		}
		changes, err := remove(ctx)
		if err != nil {
			err = fmt.Errorf("%s: %w", step.Name(), err)
		}
		plans = append(plans, Planned{Stage: step.Name(), Changes: changes, Err: err})
	}
	return plans
}

// removal is how a stage takes back what it made, nil if it does not.
func removal(stage Stage, extent Extent) func(context.Context) ([]change.Change, error) {
	keeper, keeps := stage.(Keeper)
	purger, purges := stage.(Purger)
	remover, removes := stage.(Remover)
	switch {
	case extent == ButDisks && keeps:
		return keeper.RemoveButDisks
	case extent == Everything && purges:
		return purger.Purge
	case extent != ButDisks && removes:
		return remover.Remove
	default:
		return nil
	}
}

// Down takes back what PlanDown tells. It goes on after an error, also that of a
// stage that could not tell, until ctx ends, and returns all of them.
func (p *Pipeline) Down(ctx context.Context, plans []Planned) (int, error) {
	made := 0
	var errs []error
	for _, plan := range plans {
		if ctx.Err() != nil {
			errs = append(errs, fmt.Errorf("%s: %w", plan.Stage, context.Cause(ctx)))
			break
		}
		errs = append(errs, plan.Err)
		p.send(Event{Stage: plan.Stage, Kind: StagePlanned, Changes: len(plan.Changes)})
		for changes := plan.Changes; len(changes) > 0; {
			some := p.applySome(ctx, plan.Stage, changes)
			made += succeeded(some)
			if err := errors.Join(some...); err != nil {
				p.send(Event{Stage: plan.Stage, Kind: StageFailed, Text: err.Error()})
				errs = append(errs, fmt.Errorf("%s: %w", plan.Stage, err))
			}
			changes = changes[len(some):]
		}
	}
	return made, errors.Join(errs...)
}

// Forgetters are the stages of these names, which have receipts to forget. Any
// other name is BadUsage.
func (p *Pipeline) Forgetters(names []string) ([]Forgetter, error) {
	var all []Forgetter
	for _, name := range names {
		stage, err := p.forgetter(name)
		if err != nil {
			return nil, err
		}
		all = append(all, stage)
	}
	return all, nil
}

func (p *Pipeline) forgetter(name string) (Forgetter, error) {
	var can []string
	for _, step := range p.Steps {
		stage, ok := step.Stage.(Forgetter)
		if !ok {
			continue
		}
		if step.Name() == name {
			return stage, nil
		}
		can = append(can, step.Name())
	}
	return nil, BadUsage.Failf("stage %q cannot be run again by itself; those that can: %v", name, can)
}
