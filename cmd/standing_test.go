package cmd

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"wiabctl/provision"
	"wiabctl/provision/change"
)

func TestStandingRenders(t *testing.T) {
	activated := time.Date(2026, 11, 1, 10, 0, 0, 0, time.Local)
	is := standing{
		plans: []provision.Planned{{Stage: "host", Took: time.Second}, {Stage: "vms", Changes: []change.Change{{Verb: change.Start, Subject: "domain a", Reason: "it is \x1bshut off"}, {}}},
			{Stage: "layers", Err: errors.New("layers: no answer")}},
		versions: []provision.Version{{Hash: "aaa", Activated: activated}, {Hash: "bbb", Activated: activated.Add(time.Hour), Active: true}, {Hash: "ccc"}},
		parts:    []provision.Health{{Part: "nodes", State: "healthy", Text: "3 of 3"}, {Part: "minio", State: "silent", Text: "no answer"}},
	}
	var out bytes.Buffer
	(&options{output: "plain"}).renderStanding(&out, palette{}, is)
	want := `host         as configured
vms          2 changes to make, first: start domain a: it is shut off
layers       ! cannot tell: no answer
assets       version aaa: last activated at 2026-11-01 10:00:00
assets       version bbb: active since 2026-11-01 11:00:00
assets       version ccc: never active
health       nodes: 3 of 3
health       minio: cannot be asked: no answer
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	out.Reset()
	(&options{output: "json"}).renderStanding(&out, palette{}, is)
	for _, line := range []string{`"stage":"host","event":"planned","took_ns":1000000000}`, `"stage":"vms","event":"planned","changes":2}`, `"stage":"layers","event":"unclear","text":"no answer"}`,
		`"event":"version","subject":"bbb"`, `"stage":"health","event":"silent","subject":"minio"`} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("%s lacks %s", out.String(), line)
		}
	}
}

func TestBrief(t *testing.T) {
	exactly := strings.Repeat("ü", mostBrief)
	for text, want := range map[string]string{"": "", exactly: exactly, exactly + "xy": exactly + "..., see `wiabctl plan`"} {
		if got := brief(text); got != want {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

func TestStandingFailure(t *testing.T) {
	todo := []provision.Planned{{Changes: make([]change.Change, 1)}}
	unwell, blocked := errors.New("unwell"), errors.New("blocked")
	for name, test := range map[string]struct {
		is   standing
		want int // exit code; 0: none, 1: of an error
	}{
		"fine": {standing{plans: []provision.Planned{{}}}, 0}, "something to do": {standing{plans: todo}, 2},
		"not well": {standing{plans: todo, unwell: unwell}, 1}, "cannot tell": {standing{blocked: blocked, unwell: unwell}, 1},
	} {
		err, code := test.is.failure(), 0
		if status, is := errors.AsType[*exitStatus](err); is {
			code = status.code
		} else if err != nil {
			code = 1
			for _, is := range []error{test.is.unwell, test.is.blocked} {
				if is != nil && !errors.Is(err, is) {
					t.Errorf("%s: %v does not tell of %v", name, err, is)
				}
			}
		}
		if code != test.want {
			t.Errorf("%s: exit code %d, want %d", name, code, test.want)
		}
	}
}
