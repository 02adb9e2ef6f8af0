package cluster

import (
	"fmt"
	"slices"
	"strings"
)

// What is told at most: who reads it wants to know where to begin.
const (
	mostWorkloads = 3
	mostPods      = 2 // of one workload
	mostEvents    = 2 // of one object
	mostLogLines  = 5 // of one container
)

// scene is what a namespace holds that may tell why a release is not ready.
type scene struct {
	workloads []workload // of the release
	pods      []pod      // of all
	events    []event    // warnings about anything
	logs      map[logOf]string
}

// logOf names the log of a container, of its present run or of the one before.
type logOf struct {
	pod, container string
	previous       bool
}

// unready are the workloads that are not ready.
func (s scene) unready() (all []workload) {
	for _, w := range s.workloads {
		if !w.ready() {
			all = append(all, w)
		}
	}
	return all
}

// waitingPods are the pods of a workload that are not ready.
func (s scene) waitingPods(w workload) (all []pod) {
	for _, p := range s.pods {
		if p.unready() && p.Metadata.Labels.match(w.Spec.Selector.MatchLabels) {
			all = append(all, p)
		}
	}
	return all
}

// wanted are the logs that may tell why: of the containers that ran, in the pods that are
// told of.
func (s scene) wanted() (all []logOf) {
	unready := s.unready()
	for _, w := range unready[:min(len(unready), mostWorkloads)] {
		pods := s.waitingPods(w)
		for _, p := range pods[:min(len(pods), mostPods)] {
			for _, c := range p.troubled() {
				if started, previous := c.started(); started {
					all = append(all, logOf{p.Metadata.Name, c.Name, previous})
				}
			}
		}
	}
	return all
}

// String tells which workloads are not ready, and why; empty if all are.
func (s scene) String() string {
	unready := s.unready()
	var lines []string
	for _, w := range unready[:min(len(unready), mostWorkloads)] {
		lines = append(lines, s.describe(w)...)
	}
	if more := len(unready) - mostWorkloads; more > 0 {
		var names []string
		for _, w := range unready[mostWorkloads:] {
			names = append(names, w.String())
		}
		lines = append(lines, "not ready either: "+strings.Join(names, ", "))
	}
	return strings.Join(lines, "\n")
}

// brief is String in one line, of the first workload and its first pod.
func (s scene) brief() string {
	unready := s.unready()
	if len(unready) == 0 {
		return ""
	}
	first, _, _ := strings.Cut(s.headline(unready[0]), "\n")
	if pods := s.waitingPods(unready[0]); len(pods) > 0 {
		first += ": pod " + pods[0].Metadata.Name + " " + pods[0].problem()
	}
	if more := len(unready) - 1; more > 0 {
		first += fmt.Sprintf("; %d more are not ready either", more)
	}
	return first
}

func (s scene) headline(w workload) string {
	if w.Kind == "Job" {
		return w.String() + " is not complete"
	}
	return w.String() + " is not ready"
}

func (s scene) describe(w workload) []string {
	lines := []string{s.headline(w)}
	for _, complaint := range w.complaints() {
		lines = append(lines, "  "+complaint)
	}
	for _, e := range s.warnings(w.concerns) {
		lines = append(lines, "  "+e.String())
	}
	pods := s.waitingPods(w)
	if len(pods) == 0 && len(lines) == 1 {
		lines = append(lines, "  it has no pod that is not ready: its controller has not made one yet")
	}
	for _, p := range pods[:min(len(pods), mostPods)] {
		lines = append(lines, s.describePod(p)...)
	}
	if more := len(pods) - mostPods; more > 0 {
		lines = append(lines, fmt.Sprintf("  and %d more of its pods", more))
	}
	return lines
}

// concerns tells whether an event about the object is one about the workload: about
// itself, or about the ReplicaSet that a Deployment makes its pods by.
func (w workload) concerns(o reference) bool {
	return o.Kind == w.Kind && o.Name == w.Metadata.Name ||
		w.Kind == "Deployment" && o.Kind == "ReplicaSet" && strings.HasPrefix(o.Name, w.Metadata.Name+"-")
}

func (s scene) describePod(p pod) []string {
	problem := p.problem()
	lines := []string{"  pod " + p.Metadata.Name + " " + problem}
	for _, e := range s.warnings(func(o reference) bool { return o == reference{"Pod", p.Metadata.Name} }) {
		if !strings.Contains(problem, short(e.Message)) {
			lines = append(lines, "    "+e.String())
		}
	}
	for _, c := range p.troubled() {
		_, previous := c.started()
		log := strings.TrimSpace(s.logs[logOf{p.Metadata.Name, c.Name, previous}])
		if log == "" {
			continue
		}
		lines = append(lines, "    the last lines of container "+c.Name+":")
		for line := range strings.Lines(log) {
			lines = append(lines, "      "+short(line))
		}
	}
	return lines
}

// warnings are the newest ones about some object.
func (s scene) warnings(about func(reference) bool) []event {
	var all []event
	for _, e := range s.events {
		if about(e.InvolvedObject) {
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, func(a, b event) int { return b.last().Compare(a.last()) })
	return all[:min(len(all), mostEvents)]
}
