package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"wiabctl/provision/change"
)

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
