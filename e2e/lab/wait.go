package lab

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errEnded marks what waiting cannot cure.
var errEnded = errors.New("it has ended")

// await repeats check until it returns nil, at most for the given time. The
// error says what was waited for and what was missing last.
func await(ctx context.Context, what string, most time.Duration, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		last := check(ctx)
		if last == nil {
			return nil
		}
		if errors.Is(last, errEnded) {
			return fmt.Errorf("lab: waiting for %s: %w", what, last)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("lab: waited up to %s for %s: %w", most, what, errors.Join(ctx.Err(), last))
		}
	}
}
