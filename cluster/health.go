package cluster

import (
	"context"
	"errors"
	"sync"
	"time"

	"wiabctl/provision/change"
)

// Health is how a part of the installation is, by its own word.
type Health struct {
	Part  string
	State HealthState
	Text  string // what the part says, or why it could not be asked
	Took  time.Duration
}

// HealthState is how well a part is.
type HealthState string

// How well a part may be.
const (
	Healthy   HealthState = "healthy"   // the part says that it is well
	Unhealthy HealthState = "unhealthy" // the part says, or lacks, what is not well
	Silent    HealthState = "silent"    // it could not be asked
	Absent    HealthState = "absent"    // it is not installed yet
)

// Probe asks one part how it is.
type Probe struct {
	Part string
	// Ask returns what the part says. The error is why it could not be asked;
	// change.ErrNotInstalled says that it is not installed.
	Ask func(ctx context.Context) (Verdict, error)
}

// Verdict is what a part says about itself.
type Verdict struct {
	Well bool
	Text string // "3 of 3 are ready"
}

// asking is the longest that a part may take to answer. nodetool is a Java program: it
// takes seconds to say anything.
const asking = 10 * time.Second

// Examine makes all probes side by side: a part that does not answer keeps no other waiting.
func Examine(ctx context.Context, probes []Probe) []Health {
	all := make([]Health, len(probes))
	var wait sync.WaitGroup
	for i, p := range probes {
		wait.Go(func() { all[i] = p.examine(ctx) })
	}
	wait.Wait()
	return all
}

func (p Probe) examine(ctx context.Context) Health {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	verdict, err := p.Ask(ctx)
	h := Health{Part: p.Part, State: Healthy, Text: verdict.Text, Took: time.Since(began)}
	switch {
	case errors.Is(err, change.ErrNotInstalled):
		h.State, h.Text = Absent, "not installed yet"
	case err != nil:
		h.State, h.Text = Silent, err.Error()
	case !verdict.Well:
		h.State = Unhealthy
	}
	return h
}
