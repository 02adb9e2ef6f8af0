package cluster

import (
	"context"
	"time"
)

const (
	// searchAgain is the pause between two looks for an obstacle: some of those there are
	// vanish by themselves, such as a rule or a name that has just come.
	searchAgain = 3 * time.Second
	// looks is how often an obstacle has to be found until it is one.
	looks = 2
)

// search looks for what stands between cert-manager and what it does not reach.
type search struct {
	obstacle func(ctx context.Context, to []string) error
	last     time.Time
	found    int
}

// look returns the obstacle, if one was found each time. Who has just begun, or reaches
// everything, has none.
func (s *search) look(ctx context.Context, unreached []string) error {
	if len(unreached) == 0 {
		s.last, s.found = time.Time{}, 0
		return nil
	}
	if s.last.IsZero() {
		s.last = time.Now()
		return nil
	}
	if time.Since(s.last) < searchAgain {
		return nil
	}
	s.last = time.Now()
	obstacle := s.obstacle(ctx, unreached)
	if ctx.Err() != nil {
		obstacle = nil
	}
	if obstacle == nil {
		s.found = 0
		return nil
	}
	if s.found++; s.found < looks {
		return nil
	}
	return obstacle
}
