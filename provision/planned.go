package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"wiabctl/provision/change"
)

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
	met, told := map[*change.Failure]int{}, map[string]int{}
	also := map[int][]string{}
	for i, step := range p.Steps {
		if plans[i].Err == nil || p.touched(step, plans) {
			continue
		}
		text, failures := strings.TrimPrefix(plans[i].Err.Error(), step.Name()+": "), change.Failures(plans[i].Err)
		first, again := 0, false
		if len(failures) == 1 {
			first, again = met[failures[0]]
		}
		if !again {
			first, again = told[text]
		}
		if again {
			also[first] = append(also[first], step.Name())
			continue
		}
		told[text] = len(errs)
		if len(failures) == 1 {
			met[failures[0]] = len(errs)
		}
		errs = append(errs, plans[i].Err)
	}
	for first, stages := range also {
		errs[first] = fmt.Errorf("%w; the same stands in the way of %s", errs[first], strings.Join(stages, ", "))
	}
	return errors.Join(errs...)
}

// touched tells whether a stage that this one stands after, directly or not, had
// something to do, so that its own plan is out of date.
func (p *Pipeline) touched(step Step, plans []Planned) bool {
	for _, before := range step.After {
		for _, other := range p.Steps {
			if other.Name() == before && (changes(plans, before) || p.touched(other, plans)) {
				return true
			}
		}
	}
	return false
}

// changes tells whether the plans have changes of the stage.
func changes(plans []Planned, stage string) bool {
	return slices.ContainsFunc(plans, func(p Planned) bool { return p.Stage == stage && len(p.Changes) > 0 })
}

// busy are the stages that have something to do by these plans, or may have once those before
// them are done.
func (p *Pipeline) busy(plans []Planned) []string {
	var names []string
	for _, step := range p.Steps {
		if changes(plans, step.Name()) || p.touched(step, plans) {
			names = append(names, step.Name())
		}
	}
	return names
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
			if other.Subject != c.Within || len(c.Diff) == 0 {
				continue
			}
			told := change.Places(other.Diff)
			if !slices.ContainsFunc(change.Places(c.Diff), func(place string) bool { return !slices.Contains(told, place) }) {
				return other.Subject
			}
		}
	}
	return ""
}
