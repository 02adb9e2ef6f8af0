package provision

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"wiabctl/provision/change"
)

var (
	strict = change.Kind{ID: "strict", Exit: 20, Breaks: "all", Command: "mend"}
	judged = change.Kind{ID: "judged", Exit: 30, Breaks: "some", Command: "mend", Overrulable: true}
)

// says is a check that finds this.
func says(about string, errs ...error) check {
	return check{about: about, find: func(context.Context) error { return errors.Join(errs...) }}
}

// told are findings in short.
func told(all []Finding) string {
	var words []string
	for _, f := range all {
		words = append(words, fmt.Sprintf("%s %s: %s", f.Severity, f.ID, f.Seen))
	}
	return strings.Join(words, "\n")
}

func TestExamineSorts(t *testing.T) {
	plain := errors.New("no such file")
	got := told(examine(t.Context(), []check{
		says("a", judged.Notef("a note"), judged.Warnf("first")),
		says("nothing"),
		says("b", errors.Join(judged.Warnf("second"), fmt.Errorf("wrapped: %w", strict.Failf("one")))),
		says("c", plain, strict.Failf("two")),
	}))
	want := "fatal strict: wrapped: one\nfatal check-failed: c: no such file\nfatal strict: two\nwarning judged: first\nwarning judged: second\nnote judged: a note"
	if got != want {
		t.Errorf("found\n%s\nwant\n%s", got, want)
	}
}

// TestExamineLeavesBehind has one check that never ends, one that ends with its context, and one that is well.
func TestExamineLeavesBehind(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	began := time.Now()
	got := told(examine(ctx, []check{
		{about: "a dead disk", find: func(context.Context) error { <-never; return nil }},
		{about: "a dead server", find: func(ctx context.Context) error { <-ctx.Done(); return judged.Warnf("it is silent") }},
		says("the rest", strict.Failf("broken")),
	}))
	if want := "fatal strict: broken\nwarning check-unfinished: a dead disk: no answer within "; !strings.HasPrefix(got, want) || !strings.Contains(got, "warning judged: it is silent") {
		t.Errorf("found\n%s", got)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestRefusal(t *testing.T) {
	if err := refusal(says("a", judged.Warnf("w"), judged.Notef("n")).findings(errors.Join(judged.Warnf("w"), judged.Notef("n")))); err != nil {
		t.Errorf("warnings refuse: %v", err)
	}
	both := fmt.Errorf("a and b: %w", fmt.Errorf("%w", errors.Join(strict.Failf("a"), strict.Failf("b"))))
	found := check{about: "x"}.findings(both)
	if told(found) != "fatal strict: a\nfatal strict: b" {
		t.Errorf("found %s", told(found))
	}
	if err := refusal(found); err == nil || err.Error() != both.Error() {
		t.Errorf("the refusal is %v, want the one error once", err)
	}
}

func TestNotesBreakNothing(t *testing.T) {
	for _, f := range (check{}).findings(errors.Join(judged.Notef("n"), judged.Warnf("w"))) {
		if (f.Breaks == "") != (f.Severity == change.Noted) {
			t.Errorf("%s breaks %q", f.Severity, f.Breaks)
		}
	}
}

func TestIgnored(t *testing.T) {
	found := examine(t.Context(), []check{says("x", strict.Failf("s"), strict.Warnf("sw"), judged.Failf("j"), judged.Notef("jn"))})
	for _, tc := range []struct {
		ignored       Ignored
		left, without string
	}{
		{nil, "fatal strict: s\nfatal judged: j\nwarning strict: sw\nnote judged: jn", ""},
		{Ignored{"judged"}, "fatal strict: s\nwarning strict: sw", "fatal judged: j\nnote judged: jn"},
		{Ignored{"strict"}, "fatal strict: s\nfatal judged: j\nnote judged: jn", "warning strict: sw"},
	} {
		left, without := tc.ignored.apart(found)
		if told(left) != tc.left || told(without) != tc.without {
			t.Errorf("ignoring %v leaves\n%s\nand takes\n%s", tc.ignored, told(left), told(without))
		}
		for _, f := range left {
			if cannot := strings.HasSuffix(f.Advice, "it cannot be ignored"); cannot != (f.ID == "strict" && f.Severity == change.Fatal && len(tc.ignored) > 0 && tc.ignored[0] == "strict") {
				t.Errorf("ignoring %v: %s: %q", tc.ignored, f.ID, f.Advice)
			}
		}
	}
}

func TestIgnoredCheck(t *testing.T) {
	if err := (Ignored{"port-taken", "memory-short"}).Check(); err != nil {
		t.Error(err)
	}
	for id, says := range map[string]string{
		"port-takn":     "did you mean port-taken?",
		"memoryshort":   "did you mean memory-short?",
		"verify-failed": "it finds acme-unreachable, ", // which preflight cannot find
	} {
		err := Ignored{"port-taken", id}.Check()
		if !errors.Is(err, BadUsage.Failf("")) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", id, err, says)
		}
	}
}

func TestExaminationExit(t *testing.T) {
	for _, tc := range []struct {
		found []error
		want  int
	}{
		{nil, 0},
		{[]error{judged.Notef("n")}, 0},
		{[]error{judged.Notef("n"), judged.Warnf("w")}, 30},
		{[]error{judged.Warnf("w"), strict.Failf("f")}, 20},
	} {
		e := Examination{Findings: examine(t.Context(), []check{says("x", tc.found...)})}
		if got := e.Exit(); got != tc.want {
			t.Errorf("%v: exit code %d, want %d", tc.found, got, tc.want)
		}
	}
}

// TestFindingsAreWhole holds the catalogue to what preflight tells: who says what breaks names a command.
func TestFindingsAreWhole(t *testing.T) {
	for _, k := range Kinds() {
		if (k.Breaks == "") != (k.Command == "") || strings.ContainsAny(k.Breaks+k.Command, "\n") {
			t.Errorf("%s: breaks %q, command %q", k.ID, k.Breaks, k.Command)
		}
		if k.Overrulable && k.Breaks == "" {
			t.Errorf("%s can be overruled and is no finding", k.ID)
		}
	}
}
