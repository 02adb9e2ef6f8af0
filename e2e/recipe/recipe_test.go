package recipe

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

func TestGetBuildsOnce(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	var built atomic.Int32
	r := Recipe{Name: "thing", Inputs: []string{"1"}, Build: func(_ context.Context, dir string) error {
		built.Add(1)
		return os.WriteFile(filepath.Join(dir, "made"), nil, 0o644)
	}}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			dir, err := r.Get(t.Context())
			if err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(filepath.Join(dir, "made")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if built.Load() != 1 {
		t.Errorf("built %d times", built.Load())
	}
	r.Inputs = []string{"2"}
	if _, err := r.Get(t.Context()); err != nil || built.Load() != 2 {
		t.Errorf("with another input: built %d times, %v", built.Load(), err)
	}
}

func TestGetKeepsNothingHalfBuilt(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	broken := errors.New("broken")
	fail := true
	r := Recipe{Name: "thing", Build: func(_ context.Context, dir string) error {
		if _, err := os.Stat(filepath.Join(dir, "half")); err == nil {
			t.Error("the second build began with the first one's remains")
		}
		if err := os.WriteFile(filepath.Join(dir, "half"), nil, 0o644); err != nil {
			return err
		}
		if fail {
			return broken
		}
		return nil
	}}
	if _, err := r.Get(t.Context()); !errors.Is(err, broken) {
		t.Fatalf("error = %v", err)
	}
	fail = false
	if _, err := r.Get(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTreeSeesContentNamesAndModes(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a")
	seen := map[string]string{}
	for _, step := range []struct {
		name string
		act  func() error
	}{
		{"a file", func() error { return os.WriteFile(file, []byte("x"), 0o644) }},
		{"other content", func() error { return os.WriteFile(file, []byte("y"), 0o644) }},
		{"executable", func() error { return os.Chmod(file, 0o755) }},
		{"renamed", func() error { return os.Rename(file, filepath.Join(dir, "b")) }},
	} {
		if err := step.act(); err != nil {
			t.Fatal(err)
		}
		digest, err := Tree(dir)
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[digest]; ok {
			t.Errorf("%s and %s have one digest", step.name, other)
		}
		seen[digest] = step.name
	}
}
