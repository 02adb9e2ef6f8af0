package change

import (
	"errors"
	"fmt"
	"testing"
)

func TestSeverityOf(t *testing.T) {
	kind := Kind{ID: "kind", Exit: 11}
	for want, err := range map[Severity]error{
		Fatal:   kind.Failf("f"),
		Serious: fmt.Errorf("wrapped: %w", kind.Warnf("w")),
		Noted:   kind.Notef("n"),
	} {
		if got := SeverityOf(err); got != want {
			t.Errorf("%v is a %s, want %s", err, got, want)
		}
	}
	if got := SeverityOf(errors.New("of no kind")); got != Fatal {
		t.Errorf("what is of no kind is a %s", got)
	}
}

func TestWarned(t *testing.T) {
	kind := Kind{ID: "kind", Exit: 11}
	plain, note := errors.New("of no kind"), kind.Notef("n")
	got := Leaves(Warned(errors.Join(kind.Failf("a"), errors.Join(plain, fmt.Errorf("wrapped: %w", kind.Failf("b"))), note)))
	if len(got) != 4 || SeverityOf(got[0]) != Serious || got[0].Error() != "a" || !errors.Is(got[1], plain) || SeverityOf(got[2]) != Serious || !errors.Is(got[3], note) {
		t.Errorf("warned: %q", got)
	}
	if err := Warned(nil); err != nil {
		t.Errorf("no error, warned: %v", err)
	}
}

func TestBy(t *testing.T) {
	kind := Kind{ID: "kind", Exit: 11, Command: "look"}
	for _, tc := range []struct{ got, want string }{
		{kind.Failf("f").Remedy, ""},
		{kind.Failf("f").By("mend").Remedy, "mend"},
		{kind.Failf("f").By("").Remedy, ""},
		{kind.Warnf("w").By("mend").Remedy, "mend"},
		{kind.Failf("f").By("mend").Command, "look"}, // an occurrence is no kind
	} {
		if tc.got != tc.want {
			t.Errorf("the command is %q, want %q", tc.got, tc.want)
		}
	}
}
