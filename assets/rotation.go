package assets

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Keys are replaced generation by generation. The next one is generated beside the
// present one, whole (Begin); then each key takes its place, and what it replaces is
// retired (Adopt), until somebody has seen that it opens nothing any more (Forget).
// Interrupted anywhere, no key is ever missing or lost.

// next are the keys that are to take their places.
func (k Keys) next() Keys { return Keys{Dir: filepath.Join(k.Dir, "next")} }

// retired are the keys that were replaced, and may still open something.
func (k Keys) retired() Keys { return Keys{Dir: filepath.Join(k.Dir, "retired")} }

// Next names the keys that are to take their places, sorted.
func (k Keys) Next() ([]string, error) { return k.next().names() }

// Retired names the keys that were replaced and not forgotten yet, sorted.
func (k Keys) Retired() ([]string, error) { return k.retired().names() }

func (k Keys) names() ([]string, error) {
	entries, err := os.ReadDir(k.Dir)
	if err != nil {
		return nil, gone(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names, nil
}

// Begin generates the next generation of the named keys. It refuses while a rotation
// is not finished.
func (k Keys) Begin(names ...string) error {
	next, err := k.Next()
	retired, retiredErr := k.Retired()
	if err := errors.Join(err, retiredErr); err != nil {
		return err
	}
	if unfinished := slices.Concat(next, retired); len(unfinished) > 0 {
		return fmt.Errorf("the replacement of SSH keys that has begun is not finished: %v", unfinished)
	}
	part := Keys{Dir: filepath.Join(k.Dir, ".next")}
	if err := os.RemoveAll(part.Dir); err != nil { // of a run that was killed: these keys were never used
		return fmt.Errorf("begin to replace SSH keys: %w", err)
	}
	if err := part.Ensure(names...); err != nil {
		return err
	}
	if err := os.Rename(part.Dir, k.next().Dir); err != nil {
		return fmt.Errorf("begin to replace SSH keys: %w", err)
	}
	return syncDir(k.Dir)
}

// Adopt puts the key of the next generation in its place and retires the present one.
func (k Keys) Adopt(name string) error {
	if err := k.adopt(name); err != nil {
		return fmt.Errorf("replace SSH key %s: %w", name, err)
	}
	return nil
}

func (k Keys) adopt(name string) error {
	retired := k.retired()
	if err := os.MkdirAll(retired.Dir, 0o700); err != nil {
		return err
	}
	// It is the present one's second name: an earlier run may have given it already.
	if err := os.Link(k.Path(name), retired.Path(name)); gone(err) != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := errors.Join(syncDir(retired.Dir), syncDir(k.Dir)); err != nil {
		return err
	}
	if err := os.Rename(k.next().Path(name), k.Path(name)); err != nil {
		return err
	}
	return errors.Join(k.next().removeEmpty(), syncDir(k.Dir))
}

// Forget deletes retired keys: they open nothing any more.
func (k Keys) Forget(names ...string) error {
	for _, name := range names {
		if err := os.Remove(k.retired().Path(name)); gone(err) != nil {
			return fmt.Errorf("delete the old SSH key %s: %w", name, err)
		}
	}
	return errors.Join(k.retired().removeEmpty(), syncDir(k.Dir))
}

// removeEmpty removes the directory if it holds nothing.
func (k Keys) removeEmpty() error {
	left, err := k.names()
	if err != nil || len(left) > 0 {
		return err
	}
	return gone(os.Remove(k.Dir))
}
