package provision

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"wiabctl/provision/change"
)

// Examination is what preflight found.
type Examination struct {
	Checks   int       // how many were made
	Findings []Finding // the worst first
	Ignored  []Finding // which nobody wants to be told of
	Took     time.Duration
}

// Exit is the exit code of the worst finding; 0 where there are only notes.
func (e Examination) Exit() int {
	if len(e.Findings) == 0 || e.Findings[0].Severity == change.Noted {
		return 0
	}
	return e.Findings[0].Exit
}

// Count is how many findings are that bad.
func (e Examination) Count(how change.Severity) int {
	n := 0
	for _, f := range e.Findings {
		if f.Severity == how {
			n++
		}
	}
	return n
}

// examining is the longest that checks may take. What is dead is silent, and a person waits.
const examining = 4 * time.Second

// errLate is why a check has to end.
var errLate = fmt.Errorf("no answer within %s", examining)

// Preflight looks for everything that would make a run fail, or be of no use, on this host and
// outside of it, and changes nothing. It takes less than five seconds. Without root it leaves out
// what only root can see. The error is BadUsage if there is nothing of an ignored id.
func (i *Installation) Preflight(ctx context.Context, ignored Ignored) (Examination, error) {
	if err := ignored.Check(); err != nil {
		return Examination{}, err
	}
	began := time.Now()
	checks := visible(slices.Concat(i.hostChecks(), i.momentChecks(), i.outsideChecks()))
	brief, cancel := context.WithTimeoutCause(ctx, examining, errLate)
	defer cancel()
	found := examine(brief, checks)
	if err := context.Cause(ctx); err != nil {
		return Examination{}, err
	}
	e := Examination{Checks: len(checks), Took: time.Since(began)}
	e.Findings, e.Ignored = ignored.apart(found)
	return e, nil
}

// visible are those of the checks that who runs wiabctl can make.
func visible(checks []check) []check {
	if os.Geteuid() == 0 {
		return checks
	}
	return slices.DeleteFunc(checks, func(c check) bool { return !c.anybody })
}

// lookOutside looks, before anything is changed, for what the stages that have something to do need of the
// moment and of the internet. It fails with what refuses the run; the rest it tells of.
func (i *Installation) lookOutside(ctx context.Context, plans []Planned) error {
	busy := i.pipeline.busy(plans)
	checks := slices.DeleteFunc(slices.Concat(i.momentChecks(), i.outsideChecks()), func(c check) bool {
		return !slices.ContainsFunc(c.serves, func(stage string) bool { return slices.Contains(busy, stage) })
	})
	brief, cancel := context.WithTimeoutCause(ctx, examining, errLate)
	defer cancel()
	return errors.Join(i.judge(examine(brief, checks)), context.Cause(ctx))
}

// judge tells of findings that stop nothing, and fails with those that refuse a run.
func (i *Installation) judge(all []Finding) error {
	left, _ := i.ignored.apart(all)
	for _, f := range left {
		if f.Severity == change.Serious {
			i.pipeline.warn("preflight", f)
		}
	}
	return refusal(left)
}
