package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOutcomeIsKept(t *testing.T) {
	for _, c := range []struct {
		name    string
		failure error
		want    string
	}{
		{"done", nil, "status: done\n"},
		{"failed", errors.New("user-data: line 3: no\nmeta-data: \"- #"), "status: error\ndetail:\nuser-data: line 3: no\nmeta-data: \"- #\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "run", "outcome")
			if err := outcomeOf("/dev/vdb", c.failure).keep(file); err != nil {
				t.Fatal(err)
			}
			got := readOutcome(file)
			if got.Disk != "/dev/vdb" {
				t.Errorf("disk %q", got.Disk)
			}
			if text := result(got.err()); text != c.want {
				t.Errorf("result %q, want %q", text, c.want)
			}
		})
	}
}

func TestNoOutcomeIsAFailure(t *testing.T) {
	file := filepath.Join(t.TempDir(), "outcome")
	if err := readOutcome(file).err(); err == nil || !strings.Contains(err.Error(), "did not come to its end") {
		t.Errorf("a boot that kept nothing: %v", err)
	}
	if err := os.WriteFile(file, []byte("disk: ["), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := readOutcome(file).err(); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a boot that kept nonsense: %v", err)
	}
}
