package cluster

import (
	"fmt"
	"strings"
)

// pod is the part of a Pod that tells how it stands.
type pod struct {
	Metadata metadata `json:"metadata"`
	Spec     struct {
		NodeName string `json:"nodeName"`
	} `json:"spec"`
	Status struct {
		Phase      string      `json:"phase"`
		Reason     string      `json:"reason"`
		Message    string      `json:"message"`
		Conditions conditions  `json:"conditions"`
		Init       []container `json:"initContainerStatuses"`
		Containers []container `json:"containerStatuses"`
	} `json:"status"`
}

// container is how a container of a pod stands.
type container struct {
	Name     string         `json:"name"`
	Image    string         `json:"image"`
	Ready    bool           `json:"ready"`
	Restarts int            `json:"restartCount"`
	State    containerState `json:"state"`
	Last     containerState `json:"lastState"`
}

type containerState struct {
	Waiting    *waiting    `json:"waiting"`
	Running    *struct{}   `json:"running"`
	Terminated *terminated `json:"terminated"`
}

type waiting struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

type terminated struct {
	ExitCode int    `json:"exitCode"`
	Reason   string `json:"reason"`
	Message  string `json:"message"`
}

// String is how it ended.
func (t terminated) String() string {
	text := fmt.Sprintf("exit code %d", t.ExitCode)
	if t.Reason != "" {
		text += " (" + t.Reason + ")"
	}
	if t.Message != "" {
		text += ": " + short(t.Message)
	}
	return text
}

// unready tells whether a workload waits for the pod.
func (p pod) unready() bool {
	if p.Metadata.DeletionTimestamp != nil || p.Status.Phase == "Succeeded" {
		return false
	}
	return !p.Status.Conditions.find("Ready").holds()
}

// problem says in words why the pod is not ready.
func (p pod) problem() string {
	if c := p.Status.Conditions.find("PodScheduled"); c.Status == "False" {
		return "is on no node: " + short(c.Message)
	}
	if p.Status.Phase == "Failed" && p.Status.Reason != "" {
		return "has failed: " + p.Status.Reason + ": " + short(p.Status.Message)
	}
	var all []string
	for _, c := range p.troubled() {
		all = append(all, c.problem())
	}
	if len(all) == 0 {
		return fmt.Sprintf("on %s is %s, and no container of it says why it is not ready", p.Spec.NodeName, p.Status.Phase)
	}
	return "on " + p.Spec.NodeName + ": " + strings.Join(all, "; ")
}

// troubled are the containers that keep the pod from being ready. While an init container
// has not ended well, all others only wait for it.
func (p pod) troubled() (all []container) {
	for _, c := range p.Status.Init {
		if t := c.State.Terminated; !c.Ready && (t == nil || t.ExitCode != 0) && c.State.Waiting.known() {
			return []container{c}
		}
	}
	for _, c := range p.Status.Containers {
		if !c.Ready {
			all = append(all, c)
		}
	}
	return all
}

// known is false for an init container whose turn has not come.
func (w *waiting) known() bool { return w == nil || w.Reason != "PodInitializing" }

// problem says in words how the container stands.
func (c container) problem() string {
	text := "container " + c.Name
	switch s := c.State; {
	case s.Waiting != nil:
		text += " waits: " + s.Waiting.Reason
		if s.Waiting.Message != "" {
			text += ": " + short(s.Waiting.Message)
		}
		if strings.Contains(s.Waiting.Reason, "Image") && !strings.Contains(s.Waiting.Message, c.Image) {
			text += " (image " + c.Image + ")"
		}
	case s.Terminated != nil:
		text += " ended with " + s.Terminated.String()
	case s.Running != nil:
		text += " runs and is not ready"
	default:
		text += " has not been started"
	}
	if last := c.Last.Terminated; last != nil {
		text += fmt.Sprintf("; before that it ended with %s, restarted %d times", last, c.Restarts)
	}
	return text
}

// started tells whether the container has a log, and previous whether it is that of its
// run before: the present one waits, or is too young to have said why.
func (c container) started() (started, previous bool) {
	previous = c.Last.Terminated != nil
	return previous || c.State.Running != nil || c.State.Terminated != nil, previous && c.State.Terminated == nil
}
