package provision

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"wiabctl/provision/change"
)

// smallestInstallation is that of the smallest configuration.
func smallestInstallation(t *testing.T, observe Observer) *Installation {
	t.Helper()
	config, err := Parse([]byte(smallest))
	if err != nil {
		t.Fatal(err)
	}
	i := Open(config, observe)
	t.Cleanup(func() { i.Close() })
	return i
}

// about are what checks look at.
func about(all []check) []string {
	var words []string
	for _, c := range all {
		words = append(words, c.about)
	}
	return words
}

// TestChecksHaveTheirStages wants every check that up makes before its first change to serve stages that there are,
// and no two checks of one name.
func TestChecksHaveTheirStages(t *testing.T) {
	i := smallestInstallation(t, func(Event) {})
	stages := StageNames()
	for _, c := range slices.Concat(i.momentChecks(), i.outsideChecks()) {
		for _, stage := range c.serves {
			if !slices.Contains(stages, stage) {
				t.Errorf("%s serves %q, which is no stage", c.about, stage)
			}
		}
	}
	names := about(slices.Concat(i.hostChecks(), i.momentChecks(), i.outsideChecks()))
	slices.Sort(names)
	if distinct := slices.Compact(slices.Clone(names)); len(distinct) != len(names) {
		t.Errorf("two checks have one name: %q", names)
	}
}

// TestBusy has the middle one of three stages change something: the last may have to, too.
func TestBusy(t *testing.T) {
	w := newWorld()
	p := &Pipeline{Observe: func(Event) {}, Steps: []Step{
		{testStage{world: w, name: "first"}, nil},
		{testStage{world: w, name: "second", things: []string{"a"}}, []string{"first"}},
		{testStage{world: w, name: "third"}, []string{"second"}},
		{testStage{world: w, name: "beside"}, []string{"first"}},
	}}
	plans := p.Plan(t.Context())
	if got := p.busy(plans); strings.Join(got, " ") != "second third" {
		t.Errorf("busy: %v", got)
	}
	again := []Planned{forgetting("first", "the receipt of first", "--again", nil)}
	if got := p.busy(slices.Concat(again, plans)); strings.Join(got, " ") != "first second third beside" {
		t.Errorf("busy when the first runs once more: %v", got)
	}
}

// TestJudgeFindings tells of warnings, not of notes, and fails with what is fatal and not ignored.
func TestJudgeFindings(t *testing.T) {
	var events []Event
	i := smallestInstallation(t, func(e Event) { events = append(events, e) })
	found := examine(t.Context(), []check{says("x", judged.Failf("f"), strict.Warnf("w"), judged.Notef("n"))})
	if err := i.judge(found); !errors.Is(err, judged.Failf("")) || len(change.Failures(err)) != 1 {
		t.Errorf("it fails with %v", err)
	}
	if len(events) != 1 || events[0].Kind != Warned || events[0].Subject != strict.ID || events[0].Text != "w; " {
		t.Errorf("it tells %+v", events)
	}
	i.ignored = Ignored{judged.ID, strict.ID}
	if err := i.judge(found); err != nil || len(events) != 1 {
		t.Errorf("with all ignored: %v, %+v", err, events)
	}
}

// TestLookOutside asks nobody where no stage has something to do that needs it.
func TestLookOutside(t *testing.T) {
	i := smallestInstallation(t, func(Event) { t.Error("something is told") })
	plans := make([]Planned, len(i.pipeline.Steps))
	for n, step := range i.pipeline.Steps {
		plans[n].Stage = step.Name()
	}
	began := time.Now()
	if err := i.lookOutside(t.Context(), plans); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > examining/2 {
		t.Errorf("it took %s", took)
	}
}
