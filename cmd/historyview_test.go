package cmd

import (
	"bytes"
	"testing"
	"time"

	"wiabctl/provision"
	"wiabctl/provision/change"
)

func someRun() provision.Run {
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local)
	return provision.Run{
		RunInfo: provision.RunInfo{Number: 12, Command: "up", Line: "wiabctl up --again=helm", By: "ada", Version: "v1.2.3"},
		Began:   began, Took: 95 * time.Second, Outcome: provision.OutcomeFailed, Changes: 1,
		Text: "helm: run helm-operations.sh: it failed\nchart 1: smtp\x1b[2J", Failures: []string{"chart-failed"}, Log: "/var/lib/wiabctl/log/000012.jsonl",
		Plan: []provision.RunChange{{Stage: "vms", Verb: change.Start, Subject: "domain a", Reason: "it is shut off", Diff: []string{"~ a: 1 -> 2"}}},
		Stages: []provision.RunStage{
			{Stage: "vms", Took: 5 * time.Second, Changes: []provision.RunChange{{Verb: change.Start, Subject: "domain a", Made: true, Took: 4 * time.Second}}},
			{Stage: "helm", Took: 90 * time.Second, Failed: true, Text: "it failed\nchart 1: smtp", Changes: []provision.RunChange{{Verb: change.Run, Subject: "helm-operations.sh"}}},
		},
	}
}

func TestRenderRuns(t *testing.T) {
	done := someRun()
	done.Number, done.Outcome, done.Failures, done.Line = 13, provision.OutcomeDone, nil, "wiabctl up"
	var out bytes.Buffer
	for _, runs := range [][]provision.Run{nil, {someRun(), done}} {
		if err := renderRuns(&out, runs); err != nil {
			t.Fatal(err)
		}
	}
	want := `there was no run yet
RUN  BEGAN                BY   TOOK   RESULT                 CHANGES  COMMAND
12   2026-01-02 03:04:05  ada  1m35s  failed [chart-failed]  1        wiabctl up --again=helm
13   2026-01-02 03:04:05  ada  1m35s  done                   1        wiabctl up
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestRenderRun(t *testing.T) {
	var out bytes.Buffer
	nothing := provision.Run{RunInfo: provision.RunInfo{Number: 13}, Began: someRun().Began, Outcome: provision.OutcomeDone}
	for _, run := range []provision.Run{someRun(), nothing} {
		if err := renderRun(&out, run); err != nil {
			t.Fatal(err)
		}
	}
	want := `run      12
command  wiabctl up --again=helm
by       ada, with wiabctl v1.2.3
began    2026-01-02 03:04:05
result   failed [chart-failed], after 1 change in 1m35s
error    helm: run helm-operations.sh: it failed
         chart 1: smtp[2J
log      /var/lib/wiabctl/log/000012.jsonl

PLAN
vms          + start domain a: it is shut off
               ~ a: 1 -> 2

STAGES
vms          5s
             start domain a: 4s
helm         1m30s, failed: it failed
               chart 1: smtp
             run helm-operations.sh: not finished
run      13
command  
by       , with wiabctl 
began    2026-01-02 03:04:05
result   done, after 0 changes in 0s
log      

PLAN
nothing to do
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

// TestCommandLine tells how a command was typed, so that it can be typed again.
func TestCommandLine(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"up", "--again", "helm,cluster/minio", "--reuse-disks", "-o", "json"}, "wiabctl up --again=helm,cluster/minio --output=json --reuse-disks"},
		{[]string{"add-domain", "red.example.com", "--title", "Red's"}, `wiabctl add-domain '--title=Red'"'"'s' red.example.com`},
		{[]string{"up", "--set", "vms.proxy.http=http://a:hunter2@b:1", "--set", "network.wan=eth0"}, "wiabctl up --set=vms.proxy.http=... --set=network.wan=..."},
		{[]string{"snapshot", "create", "--description", "[red]", "good"}, "wiabctl snapshot create '--description=[red]' good"},
		{[]string{"snapshot", "restore", "--yes", "good"}, "wiabctl snapshot restore --yes good"},
	} {
		c, rest, err := newRoot().Find(test.args)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.ParseFlags(rest); err != nil {
			t.Fatal(err)
		}
		if got := commandLine(c); got != test.want {
			t.Errorf("%v: %s, want %s", test.args, got, test.want)
		}
	}
}
