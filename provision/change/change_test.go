package change

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAwait(t *testing.T) {
	missing := errors.New("the cable is out")
	tests := []struct {
		name     string
		deadline time.Duration
		check    func(n int) error // the n-th check, from 1
		says     []string          // parts of the error; none means success
		is       error
	}{
		{name: "holds at once", deadline: time.Second, check: func(int) error { return nil }},
		{name: "holds after a while", deadline: 5 * time.Second, check: func(n int) error {
			if n < 3 {
				return missing
			}
			return nil
		}},
		{name: "never holds", deadline: 50 * time.Millisecond, check: func(int) error { return missing },
			says: []string{"waited 50ms for the light", "the cable is out"}, is: context.DeadlineExceeded},
		{name: "can never hold", deadline: time.Minute, check: func(int) error { return Never(missing) },
			says: []string{"waiting for the light", "the cable is out"}, is: missing},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			n := 0
			err := Condition{Description: "the light", Deadline: test.deadline, Interval: time.Millisecond,
				Check: func(context.Context) error { n++; return test.check(n) }}.Await(t.Context(), nil)
			if (err == nil) != (len(test.says) == 0) || test.is != nil && !errors.Is(err, test.is) {
				t.Fatalf("error = %v", err)
			}
			for _, part := range test.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q lacks %q", err, part)
				}
			}
		})
	}
}

func TestAwaitSaysTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said string
		both := errors.Join(errors.New("the cable is out"), errors.New("the bulb is, too"))
		err := Condition{Description: "the light", Deadline: 2 * sayAgain, Interval: time.Second, Check: func(context.Context) error {
			return both
		}}.Await(t.Context(), func(line string) { said = line })
		if !strings.HasSuffix(said, "s): the cable is out; and 1 more") || !errors.Is(err, both) {
			t.Errorf("it said %q, and in the end %v", said, err)
		}
	})
}

func TestBrief(t *testing.T) {
	for text, want := range map[string]string{"": "", "a; b": "a; b", "a\nb": "a; and 1 more", "a\nb\nc": "a; and 2 more"} {
		if got := (Change{Verb: Wait, Subject: "s", Reason: text}).String(); got != "wait s: "+want {
			t.Errorf("%q is %q", text, got)
		}
	}
}

func TestAwaitEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	began := time.Now()
	err := Condition{Description: "ever", Deadline: time.Minute, Interval: time.Millisecond, Check: func(context.Context) error {
		cancel()
		return errors.New("not yet")
	}}.Await(ctx, nil)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "not yet") || time.Since(began) > 5*time.Second {
		t.Errorf("after %s: %v; want the context's end and the last error", time.Since(began), err)
	}
}

func TestFailures(t *testing.T) {
	taken, missing := Kind{ID: "taken", Exit: 40}, Kind{ID: "missing", Exit: 30}
	root := errors.New("root")
	err := fmt.Errorf("up: %w", errors.Join(
		fmt.Errorf("preflight: %w", taken.Failf("port 80: %w", root)),
		errors.New("of no kind"),
		missing.Failf("no /dev/kvm")))
	var ids []string
	for _, f := range Failures(err) {
		ids = append(ids, f.ID)
	}
	if strings.Join(ids, " ") != "taken missing" {
		t.Errorf("failures %v", ids)
	}
	if !errors.Is(err, root) || !errors.Is(err, taken.Failf("")) || errors.Is(err, Kind{ID: "other"}.Failf("")) {
		t.Error("errors.Is does not see kinds and causes as it should")
	}
	if Failures(nil) != nil {
		t.Error("no error has no failures")
	}
}

func TestWarnings(t *testing.T) {
	soon := Kind{ID: "soon", Exit: 11}
	failure := Kind{ID: "now", Exit: 12}.Failf("no way")
	warnings, rest := Warnings(errors.Join(soon.Warnf("a"), errors.Join(failure, soon.Warnf("b")), nil))
	if len(warnings) != 2 || warnings[0].Cause != "a" || warnings[1].Cause != "b" {
		t.Errorf("warnings: %v", warnings)
	}
	if got := Failures(rest); len(got) != 1 || got[0] != failure {
		t.Errorf("what is left: %v", rest)
	}
	if warnings, rest := Warnings(errors.Join(soon.Warnf("a"))); len(warnings) != 1 || rest != nil {
		t.Errorf("warnings alone leave %v, %v", warnings, rest)
	}
}

func TestPlaces(t *testing.T) {
	got := Places([]string{`+ a["b: c"].d: 1`, `~ e: "x: y" -> 2`, "- f"})
	if want := []string{`a["b`, "e", "f"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
