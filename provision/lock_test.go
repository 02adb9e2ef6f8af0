package provision

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLockNamesItsHolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "run.lock")
	unlock, err := lockAt(file, "up")
	if err != nil {
		t.Fatal(err)
	}
	_, err = lockAt(file, "down")
	if !errors.Is(err, Locked.Failf("")) {
		t.Fatalf("a second lock: %v, want locked", err)
	}
	for _, part := range []string{"`wiabctl up`", fmt.Sprintf("process %d", os.Getpid())} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not name %s", err, part)
		}
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if unlock, err = lockAt(file, "down"); err != nil {
		t.Fatalf("after the first has let go: %v", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
}

func TestLockIsNeverStale(t *testing.T) {
	file := filepath.Join(t.TempDir(), "run.lock")
	// What a killed wiabctl leaves behind.
	if err := os.WriteFile(file, []byte(`{"pid":1,"command":"up"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	unlock, err := lockAt(file, "up")
	if err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
}

// TestFlocked looks for a lock in the kernel's own list, and must not take it.
func TestFlocked(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lock")
	listed := func() bool {
		t.Helper()
		list, err := os.ReadFile("/proc/locks")
		if err != nil {
			t.Fatal(err)
		}
		held, err := flocked(string(list), file)
		if err != nil {
			t.Fatal(err)
		}
		return held
	}
	if listed() {
		t.Error("a file that does not exist is locked")
	}
	unlock, err := lockAt(file, "up")
	if err != nil {
		t.Fatal(err)
	}
	if !listed() {
		t.Error("the lock is not seen")
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if listed() {
		t.Error("the lock is seen though it was given back")
	}
	if held, err := flocked("1: POSIX  ADVISORY  WRITE 1 00:01:2 0 EOF\nnonsense\n", file); err != nil || held {
		t.Errorf("other locks: %v, %v", held, err)
	}
}
