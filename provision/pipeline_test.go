package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wiabctl/provision/change"
)

// world is a system of named things that test stages bring into being.
type world struct {
	mu     sync.Mutex
	things map[string]bool
	order  []string
	plans  map[string]int
}

func newWorld() *world { return &world{things: map[string]bool{}, plans: map[string]int{}} }

func (w *world) has(thing string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.things[thing]
}

func (w *world) add(thing string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.things[thing] = true
	w.order = append(w.order, thing)
}

// testStage wants its things to exist.
type testStage struct {
	world      *world
	name       string
	things     []string
	apply      func(ctx context.Context, thing string) error // instead of adding
	planErr    error
	concurrent bool
	atMost     int
}

func (s testStage) Name() string { return s.name }

func (s testStage) Plan(context.Context) ([]change.Change, error) {
	s.world.mu.Lock()
	s.world.plans[s.name]++
	s.world.mu.Unlock()
	var changes []change.Change
	for _, thing := range s.things {
		if s.world.has(thing) {
			continue
		}
		changes = append(changes, change.Change{Verb: change.Create, Subject: thing, Reason: "missing", Concurrent: s.concurrent, AtMost: s.atMost,
			Apply: func(ctx context.Context, _ change.Progress) error {
				if s.apply != nil {
					return s.apply(ctx, thing)
				}
				s.world.add(thing)
				return nil
			}})
	}
	return changes, s.planErr
}

func runUp(t *testing.T, p *Pipeline) (int, error) {
	t.Helper()
	if p.Observe == nil {
		p.Observe = func(Event) {}
	}
	return p.Up(t.Context(), p.Plan(t.Context()))
}

func TestUpMakesStagesInOrderThenNothing(t *testing.T) {
	w := newWorld()
	p := &Pipeline{Steps: []Step{
		{testStage{world: w, name: "first", things: []string{"a", "b"}}, nil},
		{testStage{world: w, name: "second", things: []string{"c"}}, []string{"first"}},
		{testStage{world: w, name: "third", things: []string{"d"}}, []string{"second"}},
	}}
	made, err := runUp(t, p)
	if err != nil || made != 4 {
		t.Fatalf("made %d, %v", made, err)
	}
	if got := strings.Join(w.order, ""); got != "abcd" {
		t.Errorf("order %s", got)
	}
	w.plans = map[string]int{}
	made, err = runUp(t, p)
	if err != nil || made != 0 {
		t.Errorf("a second run made %d changes, %v", made, err)
	}
	if w.plans["first"] != 1 || w.plans["third"] != 1 {
		t.Errorf("a run without changes planned %v times: once is enough", w.plans)
	}
}

func TestUpRunsIndependentStagesSideBySide(t *testing.T) {
	w := newWorld()
	meet := make(chan string)
	apply := func(ctx context.Context, thing string) error {
		select { // each goes on only when the other is there
		case meet <- thing:
		case <-meet:
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Second):
			return errors.New("the other stage never came")
		}
		w.add(thing)
		return nil
	}
	p := &Pipeline{Steps: []Step{
		{testStage{world: w, name: "root"}, nil},
		{testStage{world: w, name: "left", things: []string{"l"}, apply: apply}, []string{"root"}},
		{testStage{world: w, name: "right", things: []string{"r"}, apply: apply}, []string{"root"}},
	}}
	if _, err := runUp(t, p); err != nil {
		t.Fatal(err)
	}
}

func TestUpMakesConcurrentChangesSideBySide(t *testing.T) {
	w := newWorld()
	var all sync.WaitGroup
	all.Add(3)
	p := &Pipeline{Steps: []Step{{testStage{world: w, name: "vms", things: []string{"1", "2", "3"}, concurrent: true,
		apply: func(_ context.Context, thing string) error {
			all.Done()
			all.Wait() // deadlocks unless all three run at once
			w.add(thing)
			return nil
		}}, nil}}}
	if made, err := runUp(t, p); err != nil || made != 3 {
		t.Fatalf("made %d, %v", made, err)
	}
}

// Where one of a few fails that are made at a time, those beside it are finished and no others begun.
func TestUpMakesFewChangesAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, began := newWorld(), time.Now()
		p := &Pipeline{Steps: []Step{{testStage{world: w, name: "domains", things: []string{"1", "2", "3", "4", "5"}, concurrent: true, atMost: 2,
			apply: func(_ context.Context, thing string) error {
				<-time.After(time.Second)
				if thing == "3" {
					return errors.New("no")
				}
				w.add(thing)
				return nil
			}}, nil}}}
		made, err := runUp(t, p)
		if took := time.Since(began); made != 3 || err == nil || took != 2*time.Second {
			t.Errorf("made %d in %s: %v", made, took, err)
		}
	})
}

func TestUpReplansWhatStandsAfterAChange(t *testing.T) {
	w := newWorld()
	// "late" cannot see its need before "early" has acted.
	early := testStage{world: w, name: "early", things: []string{"e"}}
	late := stageFunc{"late", func(ctx context.Context) ([]change.Change, error) {
		if !w.has("e") || w.has("l") {
			return nil, nil
		}
		return testStage{world: w, name: "late", things: []string{"l"}}.Plan(ctx)
	}}
	if made, err := runUp(t, &Pipeline{Steps: []Step{{early, nil}, {late, []string{"early"}}}}); err != nil || made != 2 {
		t.Fatalf("made %d, %v", made, err)
	}
}

type stageFunc struct {
	name string
	plan func(context.Context) ([]change.Change, error)
}

func (s stageFunc) Name() string                                      { return s.name }
func (s stageFunc) Plan(ctx context.Context) ([]change.Change, error) { return s.plan(ctx) }

func TestUpStops(t *testing.T) {
	broken := errors.New("it broke")
	tests := []struct {
		name  string
		stage func(w *world) testStage
		want  error
	}{
		{"when a change fails", func(w *world) testStage {
			return testStage{world: w, name: "bad", things: []string{"x"}, apply: func(context.Context, string) error { return broken }}
		}, broken},
		{"when a change has no effect", func(w *world) testStage {
			return testStage{world: w, name: "bad", things: []string{"x"}, apply: func(context.Context, string) error { return nil }}
		}, NotConverged.Failf("")},
		{"before any change when a plan fails", func(w *world) testStage {
			return testStage{world: w, name: "bad", planErr: broken}
		}, broken},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld()
			p := &Pipeline{Steps: []Step{
				{test.stage(w), nil},
				{testStage{world: w, name: "after", things: []string{"y"}}, []string{"bad"}},
			}}
			_, err := runUp(t, p)
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), "bad: ") {
				t.Errorf("error = %v, want %v with the stage's name", err, test.want)
			}
			if w.has("y") {
				t.Error("the stage after the failed one acted")
			}
		})
	}
}

func TestUpFinishesNeighboursOfAFailure(t *testing.T) {
	w := newWorld()
	stage := testStage{world: w, name: "vms", things: []string{"1", "2", "3"}, concurrent: true}
	stage.apply = func(_ context.Context, thing string) error {
		if thing == "2" {
			return errors.New("broken")
		}
		w.add(thing)
		return nil
	}
	made, err := runUp(t, &Pipeline{Steps: []Step{{stage, nil}}})
	if err == nil || made != 2 || !w.has("1") || !w.has("3") {
		t.Errorf("made %d, %v, %v", made, err, w.order)
	}
}

func TestUpIsBlockedByAllErrorsAtOnce(t *testing.T) {
	w := newWorld()
	_, err := runUp(t, &Pipeline{Steps: []Step{
		{testStage{world: w, name: "one", planErr: errors.New("no network")}, nil},
		{testStage{world: w, name: "two", planErr: errors.New("no disk")}, nil},
		{testStage{world: w, name: "three", things: []string{"x"}}, nil},
	}})
	for _, part := range []string{"one: no network", "two: no disk"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v lacks %q", err, part)
		}
	}
	if w.has("x") {
		t.Error("a stage acted although another could not tell what it had to do")
	}
}

// A stage that cannot look before an earlier one has acted must not keep that one
// from acting: else a run that was killed between the two could never go on.
// What several stages ran into is told once; two things that only look alike are two.
func TestBlockedTellsAnObstacleOnce(t *testing.T) {
	w := newWorld()
	silent := HostKeyMissing.Failf("the admin host is silent")
	p := &Pipeline{Steps: []Step{
		{testStage{world: w, name: "a", planErr: fmt.Errorf("read x: %w", silent)}, nil},
		{testStage{world: w, name: "b", planErr: fmt.Errorf("read y: %w", silent)}, nil},
		{testStage{world: w, name: "c", planErr: HostKeyMissing.Failf("the admin host is silent")}, nil},
		{testStage{world: w, name: "d", planErr: silent}, nil},
		{testStage{world: w, name: "e", planErr: OverlayInvalid.Failf("x.yaml: line 1: no")}, nil},
		{testStage{world: w, name: "f", planErr: OverlayInvalid.Failf("x.yaml: line 1: no")}, nil}, // who read the file again
	}, Observe: func(Event) {}}
	err := p.Blocked(p.Plan(t.Context()))
	want := "a: read x: the admin host is silent; the same stands in the way of b, d\nc: the admin host is silent\ne: x.yaml: line 1: no; the same stands in the way of f"
	if err == nil || err.Error() != want {
		t.Errorf("error:\n%v\nwant\n%s", err, want)
	}
}

func TestUpCuresAnErrorOfALaterStage(t *testing.T) {
	w := newWorld()
	late := stageFunc{"late", func(context.Context) ([]change.Change, error) {
		if !w.has("way in") {
			return nil, errors.New("cannot log in")
		}
		return nil, nil
	}}
	latest := stageFunc{"latest", late.plan}
	steps := []Step{{testStage{world: w, name: "early", things: []string{"way in"}}, nil}, {late, []string{"early"}}, {latest, []string{"late"}}}
	if made, err := runUp(t, &Pipeline{Steps: steps}); err != nil || made != 1 {
		t.Fatalf("made %d, %v", made, err)
	}
}

// keeper is a stage of which something stays with the disks.
type keeper struct{ testStage }

func (keeper) Remove(context.Context) ([]change.Change, error) {
	return []change.Change{{Subject: "all"}}, nil
}

func (keeper) RemoveButDisks(context.Context) ([]change.Change, error) {
	return []change.Change{{Subject: "some"}}, errors.New("the rest is busy")
}

// remover is a stage of which all stays with the disks.
type remover struct{ testStage }

func (remover) Remove(context.Context) ([]change.Change, error) { return nil, nil }

// purger is a stage that leaves something for others.
type purger struct{ keeper }

func (purger) Purge(context.Context) ([]change.Change, error) {
	return []change.Change{{Subject: "packages too"}}, nil
}

func TestPlanDownAsksTheStagesBackwards(t *testing.T) {
	p := &Pipeline{Steps: []Step{
		{testStage{name: "first"}, nil}, {remover{testStage{name: "second"}}, nil}, {keeper{testStage{name: "third"}}, nil},
	}}
	all := p.PlanDown(t.Context(), ButPackages)
	if len(all) != 2 || all[0].Stage != "third" || all[0].Changes[0].Subject != "all" || all[1].Stage != "second" {
		t.Errorf("all: %v", all)
	}
	some := p.PlanDown(t.Context(), ButDisks)
	if len(some) != 1 || some[0].Changes[0].Subject != "some" || some[0].Err == nil || some[0].Err.Error() != "third: the rest is busy" {
		t.Errorf("all but the disks: %v", some)
	}
	p.Steps = append(p.Steps, Step{purger{keeper{testStage{name: "fourth"}}}, nil})
	for extent, want := range map[Extent]string{ButPackages: "all", ButDisks: "some", Everything: "packages too"} {
		if plans := p.PlanDown(t.Context(), extent); plans[0].Stage != "fourth" || plans[0].Changes[0].Subject != want {
			t.Errorf("extent %d: %v, want %q of the fourth stage", extent, plans, want)
		}
	}
	if everything := p.PlanDown(t.Context(), Everything); len(everything) != 3 || everything[1].Changes[0].Subject != "all" {
		t.Errorf("everything: %v", everything)
	}
}

// What may go side by side does, also when one of them fails.
func TestDownSideBySide(t *testing.T) {
	meet := make(chan bool)
	together := func(err error) change.Change {
		return change.Change{Concurrent: true, Apply: func(context.Context, change.Progress) error {
			select {
			case meet <- true:
			case <-meet:
			case <-time.After(5 * time.Second):
				return errors.New("the other never came")
			}
			return err
		}}
	}
	p := &Pipeline{Observe: func(Event) {}}
	made, err := p.Down(t.Context(), []Planned{{Stage: "vms", Changes: []change.Change{together(nil), together(errors.New("busy"))}}})
	if made != 1 || err == nil || !strings.HasSuffix(err.Error(), ": busy") {
		t.Errorf("made %d, %v", made, err)
	}
}

func TestDownGoesOnAfterAnError(t *testing.T) {
	var gone []string
	remove := func(name string, err error) change.Change {
		return change.Change{Verb: change.Delete, Subject: name, Apply: func(context.Context, change.Progress) error {
			gone = append(gone, name)
			return err
		}}
	}
	p := &Pipeline{Observe: func(Event) {}}
	made, err := p.Down(t.Context(), []Planned{
		{Stage: "cluster", Err: errors.New("cluster: cannot log in")},
		{Stage: "vms", Changes: []change.Change{remove("a", nil), remove("b", errors.New("busy")), remove("c", nil)}},
		{Stage: "network", Changes: []change.Change{remove("d", nil)}},
	})
	if made != 3 || err == nil || !strings.Contains(err.Error(), "busy") || !strings.Contains(err.Error(), "cannot log in") || strings.Join(gone, "") != "abcd" {
		t.Errorf("made %d of %v, %v", made, gone, err)
	}
}

func TestForgetNamesWhatCanBeRunAgain(t *testing.T) {
	p := &Pipeline{Steps: []Step{{testStage{world: newWorld(), name: "vms"}, nil}}}
	if _, err := p.Forgetters([]string{"vms"}); !errors.Is(err, BadUsage.Failf("")) {
		t.Errorf("error = %v, want usage", err)
	}
}

func TestHeldBy(t *testing.T) {
	release := change.Change{Subject: "release a", Diff: []string{"+ x: 1", "~ y: 1 -> 2"}}
	plans := []Planned{{Stage: "helm"}, {Stage: "domains", Changes: []change.Change{{Subject: "release b", Diff: []string{"+ z: 1"}}, release}}}
	for _, tc := range []struct {
		name string
		c    change.Change
		want string
	}{
		{"all its places", change.Change{Within: "release a", Diff: []string{"~ y: 1 -> 2"}}, "release a"},
		{"from something else", change.Change{Within: "release a", Diff: []string{"+ y: 2", "- x"}}, "release a"},
		{"a place more", change.Change{Within: "release a", Diff: []string{"~ y: 1 -> 2", "+ z: 1"}}, ""},
		{"no lines", change.Change{Within: "release a"}, ""},
		{"the release stays", change.Change{Within: "release c", Diff: []string{"+ x: 1"}}, ""},
		{"another's places", change.Change{Within: "release a", Diff: []string{"+ z: 1"}}, ""},
		{"no step", release, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			plans[0].Changes = []change.Change{tc.c}
			var got []string
			(&Pipeline{Observe: func(e Event) { got = append(got, e.Within) }}).Tell(plans)
			if got[0] != tc.want || got[1] != "" || got[2] != "" {
				t.Errorf("held by %q, want %q", got, tc.want)
			}
		})
	}
}

func TestEventsTellTheStory(t *testing.T) {
	w := newWorld()
	var story []string
	p := &Pipeline{Steps: []Step{{testStage{world: w, name: "s", things: []string{"x"}}, nil}},
		Observe: func(e Event) { story = append(story, fmt.Sprintf("%s %s", e.Kind, e.Subject)) }}
	if _, err := runUp(t, p); err != nil {
		t.Fatal(err)
	}
	want := []string{"planned ", "begun x", "made x", "done "}
	if !slices.Equal(story, want) {
		t.Errorf("events %q, want %q", story, want)
	}
}
