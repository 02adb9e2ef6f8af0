package cluster

import (
	"fmt"
	"strings"
	"time"
)

// The parts of Kubernetes' objects that tell why something is not ready.

type metadata struct {
	Namespace         string     `json:"namespace"`
	Name              string     `json:"name"`
	Generation        int        `json:"generation"`
	Labels            labels     `json:"labels"`
	DeletionTimestamp *time.Time `json:"deletionTimestamp"`
	Owners            []struct {
		Kind string `json:"kind"`
	} `json:"ownerReferences"`
}

type labels map[string]string

// match tells whether the labels have all of those that a selector wants.
func (l labels) match(selector labels) bool {
	for name, value := range selector {
		if l[name] != value {
			return false
		}
	}
	return len(selector) > 0
}

// workload is what makes pods: a Deployment, StatefulSet, DaemonSet or Job.
type workload struct {
	Kind     string
	Metadata metadata `json:"metadata"`
	Spec     struct {
		Replicas *int `json:"replicas"`
		Selector struct {
			MatchLabels labels `json:"matchLabels"`
		} `json:"selector"`
	} `json:"spec"`
	Status struct {
		ObservedGeneration     int        `json:"observedGeneration"`
		UpdatedReplicas        int        `json:"updatedReplicas"`
		ReadyReplicas          int        `json:"readyReplicas"`
		UnavailableReplicas    int        `json:"unavailableReplicas"`
		DesiredNumberScheduled int        `json:"desiredNumberScheduled"`
		UpdatedNumberScheduled int        `json:"updatedNumberScheduled"`
		NumberReady            int        `json:"numberReady"`
		Conditions             conditions `json:"conditions"`
	} `json:"status"`
}

// String names it: "deployment smtp".
func (w workload) String() string { return strings.ToLower(w.Kind) + " " + w.Metadata.Name }

// ready tells whether it is what helm waits for: the newest pods, all of them ready.
func (w workload) ready() bool {
	if w.Status.ObservedGeneration < w.Metadata.Generation && w.Kind != "Job" {
		return false
	}
	want := 1
	if w.Spec.Replicas != nil {
		want = *w.Spec.Replicas
	}
	switch status := w.Status; w.Kind {
	case "Deployment":
		return status.UpdatedReplicas >= want && status.UnavailableReplicas == 0
	case "StatefulSet":
		return status.UpdatedReplicas >= want && status.ReadyReplicas >= want
	case "DaemonSet":
		return status.UpdatedNumberScheduled >= status.DesiredNumberScheduled && status.NumberReady >= status.DesiredNumberScheduled
	default: // a Job
		return status.Conditions.find("Complete").holds()
	}
}

// complaints are what its controller says of its troubles.
func (w workload) complaints() (all []string) {
	for _, c := range w.Status.Conditions {
		wrong := c.holds() && (c.Type == "ReplicaFailure" || c.Type == "Failed") || c.Status == "False" && c.Type == "Progressing"
		if wrong {
			all = append(all, c.Reason+": "+short(c.Message))
		}
	}
	return all
}

// event is what Kubernetes notes of an object.
type event struct {
	InvolvedObject reference `json:"involvedObject"`
	Reason         string    `json:"reason"`
	Message        string    `json:"message"`
	Count          int       `json:"count"`
	LastTimestamp  time.Time `json:"lastTimestamp"`
	EventTime      time.Time `json:"eventTime"`
}

// String is the event in one line.
func (e event) String() string {
	often := ""
	if e.Count > 1 {
		often = fmt.Sprintf(" (%d times)", e.Count)
	}
	return "event " + e.Reason + often + ": " + short(e.Message)
}

// last is when it was noted last.
func (e event) last() time.Time {
	if e.LastTimestamp.IsZero() {
		return e.EventTime
	}
	return e.LastTimestamp
}

// longest is how much of a foreign message is shown, in bytes.
const longest = 300

// short is a foreign message in one line, cut off.
func short(message string) string {
	message = clean(strings.Join(strings.Fields(message), " "))
	if len(message) > longest {
		message = strings.ToValidUTF8(message[:longest], "") + "..."
	}
	return message
}
