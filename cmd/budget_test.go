package cmd

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// What users feel: the binary's size, in bytes, and how long the help takes; on a busy machine, how
// many times as long as a program that does nothing, which takes a millisecond on an idle one.
const (
	largest   = 40 << 20
	slowest   = 30 * time.Millisecond
	slowestOf = 30
)

// build makes the binary as `make build` does.
func build(t *testing.T, file string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", file, "./wiabctl")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestBudget(t *testing.T) {
	file := filepath.Join(t.TempDir(), "wiabctl")
	build(t, file)
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > largest {
		t.Errorf("the binary has %d bytes, %d are the budget", info.Size(), largest)
	}
	nothing, help := quickest(t, "true"), quickest(t, file, "--help")
	t.Logf("the binary has %d MiB, --help takes %s, true %s", info.Size()>>20, help, nothing)
	if help > slowest && help > slowestOf*nothing {
		t.Errorf("--help takes %s, %s are the budget", help, slowest)
	}
}

// quickest is the best of many runs: what others do on this machine is none of the program's time.
func quickest(t *testing.T, argv ...string) time.Duration {
	t.Helper()
	best := time.Hour
	for range 40 {
		began := time.Now()
		if err := exec.CommandContext(t.Context(), argv[0], argv[1:]...).Run(); err != nil {
			t.Fatal(err)
		}
		best = min(best, time.Since(began))
	}
	return best
}
