package change

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestGently(t *testing.T) {
	asked := errors.New("somebody pressed Ctrl-C")
	hard, kill := context.WithCancel(t.Context())
	gentle, stop := Gently(hard)
	work, done := Finishing(gentle)
	defer done()
	deeper, left := Finishing(work) // of a part of it
	defer left()
	wait, gone := Waiting(deeper)
	defer gone()
	stop(asked)
	<-wait.Done()
	if !errors.Is(context.Cause(wait), asked) || !errors.Is(context.Cause(gentle), asked) {
		t.Errorf("the wait ended by %v", context.Cause(wait))
	}
	if work.Err() != nil || deeper.Err() != nil {
		t.Fatal("what is to be finished was ended")
	}
	late, over := Waiting(work)
	defer over()
	if late.Err() == nil {
		t.Error("a wait that begins when somebody wants to stop has to end before it begins")
	}
	for _, ctx := range []context.Context{gentle, work, deeper, wait} {
		if why := Left(ctx); !errors.Is(why, asked) {
			t.Errorf("a wait was left because of %v", why)
		}
	}
	if why := Left(hard); why != nil {
		t.Errorf("nobody wants to stop what nobody can be asked to stop: %v", why)
	}
	if !Asked(gentle) || !Asked(deeper) || Asked(hard) {
		t.Error("that somebody wants to stop is to be known to all that is to be finished")
	}
	kill()
	<-deeper.Done()
	<-work.Done()
	if Asked(deeper) || Left(deeper) == nil {
		t.Error("there is nothing to be finished any more")
	}
}

func TestGentlyWithALimit(t *testing.T) {
	over := errors.New("the time is over")
	gentle, _ := Gently(t.Context())
	limited, cancel := context.WithTimeoutCause(gentle, time.Millisecond, over)
	defer cancel()
	work, done := Finishing(limited)
	defer done()
	wait, gone := Waiting(work)
	defer gone()
	<-wait.Done()
	if !errors.Is(context.Cause(wait), over) || work.Err() != nil {
		t.Errorf("the wait ended by %v, the work by %v", context.Cause(wait), work.Err())
	}
}

func TestWithoutGently(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	work, done := Finishing(ctx)
	defer done()
	wait, gone := Waiting(work)
	defer gone()
	end()
	if work.Err() == nil || wait.Err() == nil {
		t.Error("nobody is asked to stop gently, so the end is the end of all")
	}
}

// TestAwaitIsLeft leaves a wait in the middle of what is to be finished.
func TestAwaitIsLeft(t *testing.T) {
	gentle, stop := Gently(t.Context())
	work, done := Finishing(gentle)
	defer done()
	asked := errors.New("somebody pressed Ctrl-C")
	err := Condition{Description: "ever", Deadline: time.Minute, Interval: time.Millisecond, Check: func(context.Context) error {
		stop(asked)
		return errors.New("not yet")
	}}.Await(work, nil)
	if !errors.Is(err, asked) || work.Err() != nil {
		t.Errorf("the wait ended by %v", err)
	}
}
