package provision

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"wiabctl/provision/change"
)

// check looks for one sort of trouble before anything is changed.
type check struct {
	about string                      // what it looks at: "the domains' DNS"
	find  func(context.Context) error // all that it found, joined: Failures and Warnings
	// anybody says that it sees the same without being root.
	anybody bool
	// serves are the stages for which up makes a check that is no part of its plan, if they have
	// something to do.
	serves []string
}

// Finding is what a check found.
type Finding struct {
	ID       string          `json:"id"` // of the failure's kind
	Severity change.Severity `json:"severity"`
	Check    string          `json:"check"`
	Seen     string          `json:"seen"`
	Breaks   string          `json:"breaks,omitempty"` // empty for a note
	Advice   string          `json:"advice"`
	Command  string          `json:"command,omitempty"` // mends it, or begins to
	Exit     int             `json:"exit"`              // the exit code if nothing is worse

	err         error
	overrulable bool
}

// examine runs the checks side by side and returns what they found, the worst first, else in their
// order. A check that has not ended with ctx is told of, and left behind.
func examine(ctx context.Context, checks []check) []Finding {
	type outcome struct {
		n    int
		err  error
		late bool
	}
	began := time.Now()
	outcomes := make(chan outcome, len(checks)) // so that who is left behind can end
	for n, c := range checks {
		go func() {
			err := c.find(ctx)
			outcomes <- outcome{n, err, ctx.Err() != nil}
		}()
	}
	gaveUp := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, func() { close(gaveUp) }) })
	defer stop()
	found := make([][]Finding, len(checks))
	left := map[int]bool{}
	for n := range checks {
		left[n] = true
	}
	for len(left) > 0 {
		select {
		case o := <-outcomes:
			found[o.n] = checks[o.n].findings(o.err, o.late)
			delete(left, o.n)
		case <-gaveUp:
			for n := range left {
				found[n] = checks[n].findings(CheckUnfinished.Warnf("%s: no answer within %s", checks[n].about, time.Since(began).Round(100*time.Millisecond)), true)
			}
			clear(left)
		}
	}
	return sorted(slices.Concat(found...))
}

// grace is what a check has after its deadline to say what it knows.
const grace = 200 * time.Millisecond

// sorted has the worst first, else as they were.
func sorted(all []Finding) []Finding {
	rank := func(f Finding) int { return slices.Index(change.Severities(), f.Severity) }
	slices.SortStableFunc(all, func(a, b Finding) int { return rank(a) - rank(b) })
	return all
}

// findings takes apart what the check found. An error that is of no kind says that it could not look; late, that it
// had no time to.
func (c check) findings(err error, late bool) []Finding {
	var all []Finding
	for _, leaf := range change.Leaves(err) {
		failures := change.Failures(leaf)
		switch {
		case len(failures) > 0:
		case late:
			leaf = CheckUnfinished.Warnf("%s: %w", c.about, leaf)
		default:
			leaf = CheckFailed.Failf("%s: %w", c.about, leaf)
		}
		failures = change.Failures(leaf)
		for _, f := range failures {
			seen := f.Cause
			if len(failures) == 1 {
				seen = leaf.Error() // who wrapped it had more to say
			}
			found := Finding{ID: f.ID, Severity: change.SeverityOf(leaf), Check: c.about, Seen: seen, Breaks: f.Breaks,
				Advice: f.Advice, Command: cmp.Or(f.Remedy, f.Command), Exit: f.Exit, err: leaf, overrulable: f.Overrulable}
			if found.Severity == change.Noted {
				found.Breaks = "" // it may, elsewhere
			}
			all = append(all, found)
		}
	}
	return all
}

// refusal is the error of the findings that refuse a run, nil if there is none.
func refusal(all []Finding) error {
	var errs []error
	for _, f := range all {
		if f.Severity == change.Fatal && !slices.Contains(errs, f.err) {
			errs = append(errs, f.err)
		}
	}
	return errors.Join(errs...)
}
