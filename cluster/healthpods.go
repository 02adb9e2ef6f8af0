package cluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// podList is what the API says of pods.
type podList struct {
	Items []pod `json:"items"`
}

// PodsProbe asks Kubernetes for the pods that do not work.
func (a *API) PodsProbe() Probe {
	return Probe{"pods", func(ctx context.Context) (Verdict, error) {
		var list podList
		err := a.get(ctx, "/api/v1/pods", nil, &list)
		return list.verdict(), err
	}}
}

// named is how many are told by name.
const named = 10

func (l podList) verdict() Verdict {
	var not []string
	for _, p := range l.Items {
		if why := p.ailment(); why != "" {
			not = append(not, fmt.Sprintf("%s/%s (%s)", p.Metadata.Namespace, p.Metadata.Name, why))
		}
	}
	if len(not) == 0 {
		return Verdict{Well: len(l.Items) > 0, Text: fmt.Sprintf("none of %d is not ready", len(l.Items))}
	}
	slices.Sort(not)
	text := fmt.Sprintf("%d of %d are not ready: %s", len(not), len(l.Items), strings.Join(not[:min(named, len(not))], ", "))
	if more := len(not) - named; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return Verdict{Text: text}
}

// ailment says in a word why the pod does not work; empty if it does, has done what it was
// for, or is going. A Job's that failed is no problem of its own: the Job made another.
func (p pod) ailment() string {
	s := p.Status
	job := len(p.Metadata.Owners) > 0 && p.Metadata.Owners[0].Kind == "Job"
	switch {
	case s.Phase == "Failed" && job:
		return ""
	case s.Phase == "Failed":
		return cmp.Or(s.Reason, "Failed")
	case !p.unready():
		return ""
	}
	for _, c := range slices.Concat(s.Init, s.Containers) {
		switch {
		case c.State.Waiting != nil && c.State.Waiting.known():
			return cmp.Or(c.State.Waiting.Reason, "Waiting")
		case c.State.Terminated != nil && c.State.Terminated.Reason != "Completed":
			return cmp.Or(c.State.Terminated.Reason, "Terminated")
		}
	}
	if scheduled := s.Conditions.find("PodScheduled"); scheduled.Status == "False" {
		return cmp.Or(scheduled.Reason, "Unschedulable")
	}
	if s.Phase == "Running" {
		return "NotReady"
	}
	return cmp.Or(s.Phase, "unknown")
}
