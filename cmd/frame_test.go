package cmd

import (
	"strings"
	"testing"
)

func TestFrame(t *testing.T) {
	got := frame("title", "one\ntwo\n", 24)
	if want := "\x1b[?7l\x1b[Htitle\x1b[K\r\n\x1b[K\r\none\x1b[K\r\ntwo\x1b[K\r\n\x1b[J\x1b[?7h"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for height := range 8 { // the line with the cursor is the last
		got := frame("title", "1\n2\n3\n4\n5\n", height)
		if lines := strings.Count(got, "\r\n"); lines > max(height-1, 1) {
			t.Errorf("%d lines on a terminal of %d", lines, height)
		}
	}
	if got := frame("title", "1\n2\n3\n4\n5\n", 6); !strings.Contains(got, "2\x1b[K\r\n... and 3 lines more") {
		t.Errorf("what is cut is not counted: %q", got)
	}
}
