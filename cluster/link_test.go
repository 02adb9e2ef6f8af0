package cluster

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"
)

func TestLinkTrouble(t *testing.T) {
	var said []string
	link := linkTrouble{say: func(line string) { said = append(said, line) }}
	broken := Unreachable.Failf("admin host does not answer")
	if err := errors.Join(link.note(nil), link.note(broken)); err != nil || len(said) != 0 {
		t.Fatalf("a trouble that just began: %v, said %q", err, said)
	}
	link.since = time.Now().Add(-30 * time.Second)
	for range 3 { // told once
		if err := link.note(broken); err != nil {
			t.Fatal(err)
		}
	}
	if err := link.note(nil); err != nil {
		t.Fatal(err)
	}
	want := []string{"no connection to the admin host for 30s, where the job goes on: admin host does not answer", "the admin host answers again, after 30s"}
	if strings.Join(said, "|") != strings.Join(want, "|") {
		t.Errorf("said %q, want %q", said, want)
	}
	for _, err := range []error{JobLost.Failf("gone"), HostKeyChanged.Failf("other"), fmt.Errorf("read the log: %w", fs.ErrNotExist)} {
		if got := link.note(err); !errors.Is(got, err) {
			t.Errorf("%v is waited for", err)
		}
	}
}
