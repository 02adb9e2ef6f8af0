package provision

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"wiabctl/provision/change"
)

// TestStopFinishesWhatIsBeingChanged stops a run while one stage writes, one waits, and one
// stands after both; then stops another one at once.
func TestStopFinishesWhatIsBeingChanged(t *testing.T) {
	asked := errors.New("somebody pressed Ctrl-C")
	for _, test := range []struct {
		name   string
		twice  bool
		things []string // that are there in the end
		made   int
	}{
		{"once", false, []string{"written"}, 1},
		{"twice", true, nil, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld()
			hard, kill := context.WithCancelCause(t.Context())
			gentle, stop := change.Gently(hard)
			var working sync.WaitGroup
			working.Add(2)
			left := make(chan string, 2)
			writes := testStage{world: w, name: "writes", things: []string{"written", "not begun"}, apply: func(ctx context.Context, thing string) error {
				working.Done()
				working.Wait()
				stop(asked)
				said := []string{<-left, <-left}
				slices.Sort(said)
				if !strings.HasPrefix(said[0], "waits wait: it is left") || !strings.HasPrefix(said[1], "writes create: it is finished first") {
					t.Errorf("it was said: %q", said)
				}
				if test.twice {
					kill(asked)
					<-ctx.Done()
					return context.Cause(ctx)
				}
				if ctx.Err() != nil {
					t.Error("what writes was ended")
				}
				w.add(thing)
				return nil
			}}
			waits := stageFunc{"waits", func(context.Context) ([]change.Change, error) {
				return []change.Change{{Verb: change.Wait, Subject: "answer", Apply: func(ctx context.Context, _ change.Progress) error {
					working.Done()
					<-ctx.Done()
					return context.Cause(ctx)
				}}}, nil
			}}
			last := testStage{world: w, name: "last", things: []string{"later"}}
			p := &Pipeline{Steps: []Step{{writes, nil}, {waits, nil}, {last, []string{"writes", "waits"}}}, Observe: func(e Event) {
				if e.Kind == ChangeLeft {
					left <- e.Stage + " " + string(e.Verb) + ": " + e.Text
				}
			}}
			made, err := p.Up(gentle, p.Plan(gentle))
			if made != test.made || !errors.Is(err, asked) || !slices.Equal(w.order, test.things) {
				t.Errorf("made %d, there is %v, %v; want %d, %v and the cause", made, w.order, err, test.made, test.things)
			}
		})
	}
}

// TestLeftIsTold leaves a change so fast that nobody had time to tell of it, and tells nevertheless.
func TestLeftIsTold(t *testing.T) {
	asked := errors.New("somebody pressed Ctrl-C")
	for range 200 {
		gentle, stop := change.Gently(t.Context())
		var told []EventKind
		p := &Pipeline{Observe: func(e Event) { told = append(told, e.Kind) }}
		_, err := p.apply(gentle, "writes", []change.Change{{Verb: change.Create, Subject: "a", Apply: func(context.Context, change.Progress) error {
			stop(asked)
			return asked
		}}})
		if want := []EventKind{ChangeBegun, ChangeLeft}; !errors.Is(err, asked) || !slices.Equal(told, want) {
			t.Fatalf("told %v, %v; want %v", told, err, want)
		}
	}
}

// TestStopBeforeAnything begins nothing, and tells why.
func TestStopBeforeAnything(t *testing.T) {
	w := newWorld()
	asked := errors.New("somebody pressed Ctrl-C")
	gentle, stop := change.Gently(t.Context())
	p := &Pipeline{Steps: []Step{{testStage{world: w, name: "first", things: []string{"a"}}, nil}}, Observe: func(Event) {}}
	plans := p.Plan(gentle)
	stop(asked)
	if made, err := p.Up(gentle, plans); made != 0 || !errors.Is(err, asked) || len(w.order) > 0 {
		t.Errorf("made %d of %v, %v", made, w.order, err)
	}
}

// TestFailureEndsWhatOthersChange ends at once what runs beside a stage that failed.
func TestFailureEndsWhatOthersChange(t *testing.T) {
	w := newWorld()
	broken := errors.New("it broke")
	gentle, _ := change.Gently(t.Context())
	begun := make(chan struct{})
	slow := testStage{world: w, name: "slow", things: []string{"a"}, apply: func(ctx context.Context, _ string) error {
		close(begun)
		<-ctx.Done()
		return context.Cause(ctx)
	}}
	bad := testStage{world: w, name: "bad", things: []string{"b"}, apply: func(context.Context, string) error {
		<-begun
		return broken
	}}
	p := &Pipeline{Steps: []Step{{slow, nil}, {bad, nil}}, Observe: func(Event) {}}
	if _, err := p.Up(gentle, p.Plan(gentle)); !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "bad: ") {
		t.Errorf("%v; want what broke", err)
	}
}

// TestStopDown takes nothing more away once somebody wants to stop.
func TestStopDown(t *testing.T) {
	asked := errors.New("somebody pressed Ctrl-C")
	gentle, stop := change.Gently(t.Context())
	var gone []string
	plan := func(stage string, things ...string) Planned {
		planned := Planned{Stage: stage}
		for _, thing := range things {
			planned.Changes = append(planned.Changes, change.Change{Verb: change.Delete, Subject: thing, Apply: func(context.Context, change.Progress) error {
				gone = append(gone, thing)
				stop(asked)
				return nil
			}})
		}
		return planned
	}
	made, err := (&Pipeline{Observe: func(Event) {}}).Down(gentle, []Planned{plan("vms", "a"), plan("network", "b"), plan("host", "c")})
	if made != 1 || !slices.Equal(gone, []string{"a"}) || !errors.Is(err, asked) || strings.Contains(err.Error(), "host") {
		t.Errorf("made %d, gone is %v, %v", made, gone, err)
	}
}
