package registry

import "time"

const (
	// quiet is how long nothing changes before a dump is made.
	quiet = 300 * time.Millisecond
	// longest is how long a change waits for quiet.
	longest = 2 * time.Second
)

// settling tells when changes have come to rest.
type settling struct {
	timer *time.Timer
	due   bool      // the timer has fired, and what was due is not done
	since time.Time // of the first change that is not done; zero without any
}

func newSettling() *settling {
	s := &settling{timer: time.NewTimer(time.Hour)}
	s.timer.Stop()
	return s
}

// change is called when something changed.
func (s *settling) change() {
	now := time.Now()
	if s.since.IsZero() {
		s.since = now
	}
	if left := s.since.Add(longest).Sub(now); left > 0 {
		s.timer.Reset(min(quiet, left))
	}
}

// done is called when all changes up to now are dealt with.
func (s *settling) done() {
	s.timer.Stop()
	s.due, s.since = false, time.Time{}
}
