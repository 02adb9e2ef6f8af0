package change

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Condition is something that is waited for: it says what it is, how long it
// may take and how to find out whether it holds.
type Condition struct {
	Description string        // "kubenode1 to answer over SSH"
	Deadline    time.Duration // the longest the wait may take
	Interval    time.Duration // the first pause between checks; it grows to at most half a second
	// Check returns nil once the condition holds, else what is still missing.
	// An error wrapped by Never ends the wait at once.
	Check func(ctx context.Context) error
}

// slowest bounds the pause between two checks.
const slowest = 500 * time.Millisecond

// sayAgain is how often a wait repeats what it waits for.
const sayAgain = 10 * time.Second

// Await checks until the condition holds, the deadline passes, ctx ends or the
// check says that it can never hold; also where somebody wants to stop and what waits is to
// be finished, for a wait changes nothing. The error tells what was waited for, how
// long, and the last thing that was missing.
func (c Condition) Await(ctx context.Context, say Progress) (err error) {
	end := Trace(ctx, "wait", "for", c.Description, "deadline", c.Deadline.String())
	defer func() { end(err) }()
	ctx, left := Waiting(ctx)
	defer left()
	began := time.Now()
	waiting, cancel := context.WithTimeout(ctx, c.Deadline)
	defer cancel()

	var last error
	said := began
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval = c.Interval
	pauses.MaxInterval = max(c.Interval, slowest)
	_, err = backoff.Retry(waiting, func() (struct{}, error) {
		err := c.Check(waiting)
		if err == nil || waiting.Err() != nil && last != nil {
			return struct{}{}, err
		}
		if last == nil || last.Error() != err.Error() {
			Log(ctx).DebugContext(ctx, "still missing", "for", c.Description, "error", err.Error())
		}
		last = err
		if time.Since(said) >= sayAgain {
			said = time.Now()
			say.Sayf("waiting for %s (%s): %s", c.Description, time.Since(began).Round(time.Second), Brief(last.Error()))
		}
		return struct{}{}, err
	}, backoff.WithBackOff(pauses), backoff.WithMaxElapsedTime(0))
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("waiting for %s: %w", c.Description, errors.Join(context.Cause(ctx), last))
	case waiting.Err() != nil:
		return fmt.Errorf("waited %s for %s: %w", c.Deadline, c.Description, errors.Join(context.DeadlineExceeded, last))
	default:
		return fmt.Errorf("waiting for %s: %w", c.Description, err)
	}
}

// Never marks an error that waiting cannot cure, so that Await stops at once.
func Never(err error) error {
	return backoff.Permanent(err)
}
