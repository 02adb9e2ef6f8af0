package provision

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// clockCheck warns where nobody keeps the clock right, by the kernel's own word: whoever does tells it.
func clockCheck(context.Context) error {
	var clock unix.Timex // no modes: nothing is set
	state, err := unix.Adjtimex(&clock)
	if err != nil {
		return fmt.Errorf("the state of the clock: %w", err)
	}
	return synchronised(state, int(clock.Status))
}

// synchronised judges what adjtimex(2) says.
func synchronised(state, status int) error {
	const timeError, unsynchronised = 5, 0x40 // TIME_ERROR, STA_UNSYNC
	if state == timeError || status&unsynchronised != 0 {
		return ClockUnsynchronised.Warnf("the kernel calls the clock unsynchronised")
	}
	return nil
}

// tolerable is how far a clock may be off; a server tells whole seconds, after its answer's way.
const tolerable = 30 * time.Second

// clockAgainst warns where this host's clock, which stood at here when a server's answer came, is far from the
// server's.
func clockAgainst(server string, there, here time.Time) error {
	off := here.Sub(there)
	if there.IsZero() || off.Abs() <= tolerable {
		return nil
	}
	side := "ahead of"
	if off < 0 {
		side = "behind"
	}
	return ClockWrong.Warnf("the clock is %s %s that of %s", off.Abs().Round(time.Second), side, server)
}
