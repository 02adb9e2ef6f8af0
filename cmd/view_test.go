package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"wiabctl/provision"
	"wiabctl/provision/change"
)

func TestPlainView(t *testing.T) {
	var out bytes.Buffer
	show := (&options{output: "plain"}).view(&out)
	about := provision.Event{Stage: "vms", Verb: change.Create, Subject: "domain kubenode1"}
	send := func(kind provision.EventKind, text string) {
		e := about
		e.Kind, e.Text, e.Took = kind, text, 1234*time.Millisecond
		show(e)
	}
	show(provision.Event{Stage: "vms", Kind: provision.StagePlanned, Changes: 1})
	send(provision.ChangeBegun, "it is not defined")
	send(provision.Progressed, "booting")
	send(provision.Progressed, "booting")
	send(provision.Progressed, "nearly \x1bthere") // a machine said so
	send(provision.ChangeMade, "")
	show(provision.Event{Stage: "vms", Kind: provision.StageDone, Changes: 1, Took: 61 * time.Second})
	show(provision.Event{Stage: "helm", Kind: provision.StageDone})
	want := `vms          create domain kubenode1: it is not defined
vms            domain kubenode1: booting
vms            domain kubenode1: nearly there
vms            domain kubenode1: done in 1.23s
vms          as configured, after 1 change in 1m1s
helm         as configured
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestJSONView(t *testing.T) {
	var out bytes.Buffer
	(&options{output: "json"}).view(&out)(provision.Event{Stage: "vms", Kind: provision.ChangeBegun, Verb: change.Start, Subject: "domain a", Text: "shut off"})
	for _, part := range []string{`"stage":"vms"`, `"event":"begun"`, `"verb":"start"`, `"subject":"domain a"`, `"text":"shut off"`} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("%s lacks %s", out.String(), part)
		}
	}
	if strings.Count(out.String(), "\n") != 1 {
		t.Error("an event is one line")
	}
}

func TestRenderVersions(t *testing.T) {
	activated := time.Date(2026, 11, 1, 10, 0, 0, 0, time.Local)
	versions := []provision.Version{{Hash: "aaa", Activated: activated}, {Hash: "bbb", Activated: activated.Add(time.Hour), Active: true}, {Hash: "ccc"}}
	var out bytes.Buffer
	(&options{output: "plain"}).renderVersions(&out, versions)
	want := `assets       version aaa: last activated at 2026-11-01 10:00:00
assets       version bbb: active since 2026-11-01 11:00:00
assets       version ccc: never active
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestRenderError(t *testing.T) {
	kind := change.Kind{ID: "port-taken", Exit: 40, Advice: "stop that program"}
	err := errors.Join(
		fmt.Errorf("preflight: %w", kind.Failf("port 80 is taken")),
		fmt.Errorf("preflight: %w", kind.Failf("port 443 is \x1b\rtaken")))
	var out bytes.Buffer
	renderError(&out, &unfinished{err, "stopped; next: wiabctl up"})
	want := `error: preflight: port 80 is taken
preflight: port 443 is taken
  [port-taken] stop that program
stopped; next: wiabctl up
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestRenderPlanTellsWhatIsUnclear(t *testing.T) {
	var out bytes.Buffer
	(&options{output: "plain"}).renderPlan(&out, []provision.Planned{
		{Stage: "vms", Changes: []change.Change{{Verb: change.Start, Subject: "domain a", Reason: "it is shut off"}}},
		{Stage: "helm", Err: fmt.Errorf("helm: %w", errors.New("the API does not answer"))},
	})
	want := "vms          start domain a: it is shut off\nhelm         cannot tell: the API does not answer\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
