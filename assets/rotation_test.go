package assets

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Both halves of a rotation, and what is seen of the keys on the way.
func TestRotation(t *testing.T) {
	k := Keys{Dir: filepath.Join(t.TempDir(), "keys")}
	if err := k.Ensure("user", "admin"); err != nil {
		t.Fatal(err)
	}
	old := load(t, k, "user")
	if err := os.MkdirAll(filepath.Join(k.Dir, ".next", "x"), 0o700); err != nil { // of a run that was killed
		t.Fatal(err)
	}
	if err := k.Begin("user"); err != nil {
		t.Fatal(err)
	}
	pending(t, k, []string{"user"}, nil)
	if now := load(t, k, "user"); now.Public != old.Public || now.Former != nil {
		t.Error("a key that only begins to be replaced is another one")
	}
	if err := k.Begin("admin"); err == nil {
		t.Error("a second rotation began before the first was finished")
	}
	if err := k.Adopt("user"); err != nil {
		t.Fatal(err)
	}
	pending(t, k, nil, []string{"user"})
	now := load(t, k, "user")
	if now.Public == old.Public || now.Former == nil || !bytes.Equal(now.Former.Private, old.Private) {
		t.Errorf("the new key is %s, its predecessor %v", now.Public, now.Former)
	}
	if err := k.Begin("admin"); err == nil {
		t.Error("a second rotation began before the old key was forgotten")
	}
	if err := errors.Join(k.Forget("user"), k.Forget("user")); err != nil {
		t.Fatal(err)
	}
	pending(t, k, nil, nil)
	if after := load(t, k, "user"); after.Public != now.Public || after.Former != nil {
		t.Error("forgetting the old key changed the new one")
	}
	entries, err := os.ReadDir(k.Dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

// A kill between the two steps of Adopt leaves a key with two names.
func TestAdoptInterrupted(t *testing.T) {
	for _, c := range []struct {
		name string
		left func(k Keys) error
	}{
		{"before it retired the key", func(k Keys) error { return os.Mkdir(k.retired().Dir, 0o700) }},
		{"when the key was retired", func(k Keys) error {
			return errors.Join(os.Mkdir(k.retired().Dir, 0o700), os.Link(k.Path("user"), k.retired().Path("user")))
		}},
		{"and somebody deleted the present key", func(k Keys) error { return os.Remove(k.Path("user")) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := Keys{Dir: t.TempDir()}
			if err := errors.Join(k.Ensure("user"), k.Begin("user"), c.left(k)); err != nil {
				t.Fatal(err)
			}
			want, err := k.next().Load("user")
			if err != nil {
				t.Fatal(err)
			}
			if now, err := k.Load("user"); err == nil && now.Former != nil {
				t.Error("the present key is its own predecessor")
			}
			if err := k.Adopt("user"); err != nil {
				t.Fatal(err)
			}
			if now := load(t, k, "user"); now.Public != want.Public {
				t.Errorf("the key is %s, want %s", now.Public, want.Public)
			}
		})
	}
}

// Whoever may look into the directory learns nothing but names, yet is kept out.
func TestKeyDirectoryIsClosed(t *testing.T) {
	k := Keys{Dir: t.TempDir()}
	if err := errors.Join(k.Ensure("user"), os.Chmod(k.Dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	plan, err := k.Plan(t.Context(), "user")
	if err != nil || len(plan) != 1 {
		t.Fatalf("got %v\n%s", err, subjects(plan))
	}
	if err := apply(t, plan); err != nil {
		t.Fatal(err)
	}
	if again, err := k.Plan(t.Context(), "user"); err != nil || len(again) > 0 {
		t.Errorf("planned again: %v\n%s", err, subjects(again))
	}
}

func load(t *testing.T, k Keys, name string) Key {
	t.Helper()
	key, err := k.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func pending(t *testing.T, k Keys, next, retired []string) {
	t.Helper()
	isNext, err := k.Next()
	isRetired, retiredErr := k.Retired()
	if err := errors.Join(err, retiredErr); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(isNext, next) || !slices.Equal(isRetired, retired) {
		t.Errorf("next are %v, retired %v; want %v and %v", isNext, isRetired, next, retired)
	}
}
