package lab

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestProcess(t *testing.T) {
	dir := t.TempDir()
	p := process{filepath.Join(dir, "pid")}
	if pid := p.running(); pid != 0 {
		t.Fatalf("process %d runs before the start", pid)
	}
	if err := p.start(exec.Command("sh", "-c", "echo hello; sleep 1000 & wait"), filepath.Join(dir, "log")); err != nil {
		t.Fatal(err)
	}
	pid := p.running()
	if pid == 0 {
		t.Fatal("it does not run after the start")
	}
	err := await(t.Context(), "the child", 5*time.Second, func(context.Context) error {
		if len(children(pid)) != 1 {
			return errors.New("no child")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	child := children(pid)[0]
	if err := p.kill(); err != nil {
		t.Fatal(err)
	}
	if p.running() != 0 {
		t.Error("it runs after kill")
	}
	err = await(t.Context(), "the child's end", 5*time.Second, func(context.Context) error {
		if state, _, err := stat(child); err == nil && state != "Z" {
			return errors.New("it runs")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if log, err := os.ReadFile(filepath.Join(dir, "log")); err != nil || string(log) != "hello\n" {
		t.Errorf("log %q (%v)", log, err)
	}
	if err := p.kill(); err != nil {
		t.Errorf("a second kill: %v", err)
	}
}

// A pid that is used again by another program is not ours.
func TestProcessOfAnotherTime(t *testing.T) {
	p := process{filepath.Join(t.TempDir(), "pid")}
	for name, text := range map[string]string{
		"another start": "1 12345678901",
		"no number":     "x 1",
		"empty":         "",
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(p.file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if pid := p.running(); pid != 0 {
				t.Errorf("process %d is taken for the lab's", pid)
			}
		})
	}
}

func TestAwait(t *testing.T) {
	missing := errors.New("the last straw")
	t.Run("in the end", func(t *testing.T) {
		n := 0
		err := await(t.Context(), "three", time.Second, func(context.Context) error {
			if n++; n < 3 {
				return missing
			}
			return nil
		})
		if err != nil || n != 3 {
			t.Errorf("after %d checks: %v", n, err)
		}
	})
	t.Run("never", func(t *testing.T) {
		err := await(t.Context(), "godot", 120*time.Millisecond, func(context.Context) error { return missing })
		if !errors.Is(err, missing) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "godot") {
			t.Errorf("error %v, want what was waited for, the deadline and the last error", err)
		}
	})
	t.Run("ended", func(t *testing.T) {
		began := time.Now()
		err := await(t.Context(), "godot", time.Minute, func(context.Context) error { return errEnded })
		if !errors.Is(err, errEnded) || time.Since(began) > 10*time.Second {
			t.Errorf("error %v after %s", err, time.Since(began))
		}
	})
}
