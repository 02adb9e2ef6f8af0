package assets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/gofrs/flock"

	"wiabctl/provision/change"
)

// Cache is the directory of what was downloaded: sha256/ holds whole files, each under
// its digest, and parts/ what is still on its way, each under the name of what it will
// be. Deleting it costs time alone.
type Cache struct{ Dir string }

// entryName is what things are called in the cache: a file's name, and no more.
var entryName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,150}$`)

func (c Cache) whole() string             { return filepath.Join(c.Dir, "sha256") }
func (c Cache) parts() string             { return filepath.Join(c.Dir, "parts") }
func (c Cache) file(sum string) string    { return filepath.Join(c.whole(), sum) }
func (c Cache) part(name string) string   { return filepath.Join(c.parts(), name+".part") }
func (c Cache) note(name string) string   { return filepath.Join(c.parts(), name+".json") }
func (c Cache) locked(name string) string { return filepath.Join(c.parts(), name+".lock") }

// has tells whether a whole file of the digest is there.
func (c Cache) has(sum string) bool {
	info, err := os.Lstat(c.file(sum))
	return err == nil && info.Mode().IsRegular()
}

// prepare makes the directories.
func (c Cache) prepare() error {
	if err := errors.Join(os.MkdirAll(c.whole(), 0o755), os.MkdirAll(c.parts(), 0o755)); err != nil {
		return fmt.Errorf("make the download directory: %w", err)
	}
	return nil
}

// lock waits until nobody else works on the entry. The kernel gives it back when the
// process ends.
func (c Cache) lock(ctx context.Context, name string, say change.Progress) (unlock func() error, err error) {
	lock := flock.New(c.locked(name))
	err = change.Condition{
		Description: "another wiabctl that downloads " + name,
		Deadline:    longest,
		Interval:    100 * time.Millisecond,
		Check: func(context.Context) error {
			got, err := lock.TryLock()
			if err != nil {
				return change.Never(err)
			}
			if !got {
				return errors.New("it is still at work")
			}
			return nil
		},
	}.Await(ctx, say)
	return lock.Unlock, err
}

// keep makes a whole part an entry.
func (c Cache) keep(name, sum string) error {
	return errors.Join(os.Rename(c.part(name), c.file(sum)), gone(os.Remove(c.note(name))), syncDir(c.whole()))
}

// drop forgets what came of an entry so far.
func (c Cache) drop(name string) error {
	return errors.Join(gone(os.Remove(c.part(name))), gone(os.Remove(c.note(name))))
}
