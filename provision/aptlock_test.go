package provision

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAptBusy(t *testing.T) {
	free, held := filepath.Join(t.TempDir(), "lock"), filepath.Join(t.TempDir(), "lock-frontend")
	for _, file := range []string{free, held} {
		if err := os.WriteFile(file, nil, 0o640); err != nil {
			t.Fatal(err)
		}
	}
	locks := []string{filepath.Join(t.TempDir(), "none"), free, held}
	if err := aptBusy(locks); err != nil {
		t.Errorf("nobody holds a lock: %v", err)
	}
	holder, err := os.OpenFile(held, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	// A lock of the open file, which is in the way of this process's own too.
	if err := unix.FcntlFlock(holder.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK}); err != nil {
		t.Fatal(err)
	}
	if err := aptBusy(locks); err == nil || !strings.HasPrefix(err.Error(), "another apt, process ") {
		t.Errorf("a lock is held: %v", err)
	}
}

func TestProcessName(t *testing.T) {
	comm, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	if name := processName(os.Getpid()); !strings.HasSuffix(name, " "+strings.TrimSpace(string(comm))) {
		t.Errorf("this process is called %q", name)
	}
	if name := processName(-1); name != "-1" {
		t.Errorf("no process is called %q", name)
	}
}
