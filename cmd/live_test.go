package cmd

import (
	"strings"
	"testing"
	"time"

	"wiabctl/provision"
	"wiabctl/provision/change"
)

var liveBegan = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// someLive is a run on its way: something of each kind, an hour after it began.
func someLive() *live {
	l := &live{}
	at := func(seconds int, e provision.Event) {
		e.Time = liveBegan.Add(time.Duration(seconds) * time.Second)
		l.take(e)
	}
	at(0, provision.Event{Stage: "cluster", Kind: provision.StageWaits, Text: "vms"})
	at(0, provision.Event{Stage: "host", Kind: provision.StagePlanned, Changes: 1})
	at(1, provision.Event{Stage: "host", Kind: provision.StageDone, Changes: 1, Took: time.Second})
	at(1, provision.Event{Stage: "secrets", Kind: provision.StagePlanned})
	at(1, provision.Event{Stage: "vms", Kind: provision.StagePlanned, Changes: 7})
	at(2, provision.Event{Stage: "vms", Kind: provision.ChangeBegun, Verb: change.Create, Subject: "domain kubenode1", Text: "it is not defined"})
	at(3, provision.Event{Stage: "vms", Kind: provision.ChangeMade, Verb: change.Create, Subject: "domain kubenode1"})
	at(4, provision.Event{Stage: "vms", Kind: provision.Progressed, Verb: change.Create, Subject: "domain datanode1", Text: "waiting for datanode1 to answer (12s): no route\x1b[2J\nto host"})
	at(1, provision.Event{Stage: "assets", Kind: provision.StagePlanned, Changes: 2})
	at(2, provision.Event{Stage: "assets", Kind: provision.Progressed, Verb: change.Create, Subject: "artifact", Text: "download artifact: 10.0 GiB of 40.0 GiB, 110.0 MiB/s, 4m39s left"})
	at(2, provision.Event{Stage: "network", Kind: provision.StageFailed, Text: "the bridge is\ntaken", Took: 2 * time.Second})
	return l
}

func TestLiveRows(t *testing.T) {
	for _, test := range []struct {
		name          string
		width, height int
		paint         palette
		want          string
	}{
		{"wide", 200, 20, palette{}, `vms           1h00m  1/7  create domain datanode1: waiting for datanode1 to answer (12s): no route[2J
assets        1h00m  0/2  [====            ]  create artifact: download artifact: 10.0 GiB of 40.0 GiB, 110.0 MiB/s, 4m39s left
network      failed: the bridge is
cluster      waits for vms`},
		{"narrow", 34, 20, palette{}, `vms           1h00m  1/7  create d
assets        1h00m  0/2  create a
network      failed: the bridge is
cluster      waits for vms`},
		{"low: who waits is told of last", 34, 2, palette{}, "vms           1h00m  1/7  create d\nassets        1h00m  0/2  create a"},
		{"no room at all", 0, 0, palette{}, ""},
		{"in colours", 20, 20, palette{true}, "vms           1h00m \nassets        1h00m \n\x1b[31mnetwork      failed:\x1b[0m\n\x1b[2mcluster      waits f\x1b[0m"},
	} {
		got := strings.Join(someLive().rows(liveBegan.Add(time.Hour+time.Second), test.width, test.height, test.paint), "\n")
		if got != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
}

func TestShareOf(t *testing.T) {
	for line, want := range map[string]float64{
		"download artifact: 10.0 GiB of 40.0 GiB, 110.0 MiB/s": 0.25, "512 MiB of 1.0 GiB": 0.5, "install libc6: 42 %, 3 of 9 packages": 0.42,
		"playbook 7 of 14 minio.yml: task": 0.5, "12 of 0": -1, "chart 3: smtp ...": -1, "waiting for vms (3s)": -1, "9 of 3": 1, "2048 B of 4.0 KiB": 0.5,
	} {
		got, told := shareOf(line)
		if !told {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %v, want %v", line, got, want)
		}
	}
}

func TestClock(t *testing.T) {
	for d, want := range map[time.Duration]string{7 * time.Second: "7s", 65 * time.Second: "1m05s", 2*time.Hour + 3*time.Minute + 9*time.Second: "2h03m"} {
		if got := clock(d); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
}
