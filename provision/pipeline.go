package provision

import (
	"context"
	"fmt"
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

func (p *Pipeline) send(e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e.Time = time.Now()
	p.Observe(e)
}

// warn tells of a finding that stops nothing.
func (p *Pipeline) warn(stage string, f Finding) {
	p.send(Event{Stage: stage, Kind: Warned, Subject: f.ID, Text: f.Seen + "; " + f.Advice})
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
