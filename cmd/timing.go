package cmd

import (
	"strings"

	"wiabctl/provision"
)

// timing is how long the stages of a run took that changed something.
type timing struct {
	stages []provision.Event
	silent []string // the domains that did not answer before
}

// noted notes what an observer is told.
func (t *timing) noted(next provision.Observer) provision.Observer {
	return func(e provision.Event) {
		switch {
		case e.Kind == provision.StageDone && e.Changes > 0:
			t.stages = append(t.stages, e)
		case e.Kind == provision.ChangeWanted && e.Stage == "verify":
			t.silent = append(t.silent, strings.TrimPrefix(e.Subject, "domain "))
		}
		next(e)
	}
}

// changed tells whether the run changed something in a stage.
func (t *timing) changed(stage string) bool {
	for _, e := range t.stages {
		if e.Stage == stage {
			return true
		}
	}
	return false
}

func (t *timing) String() string {
	var parts []string
	for _, e := range t.stages {
		parts = append(parts, e.Stage+" "+short(e.Took))
	}
	return strings.Join(parts, ", ")
}
