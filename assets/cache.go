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

// lock waits until nobody else works on the entry.
func (c Cache) lock(ctx context.Context, name string, say change.Progress) (unlock func() error, err error) {
	err = change.Condition{
		Description: "another wiabctl that downloads " + name,
		Deadline:    longest,
		Interval:    100 * time.Millisecond,
		Check: func(context.Context) (err error) {
			if unlock, err = c.tryLock(name); err != nil && !errors.Is(err, CacheBusy.Failf("")) {
				err = change.Never(err)
			}
			return err
		},
	}.Await(ctx, say)
	return unlock, err
}

// tryLock takes the entry's lock, or fails with CacheBusy. The kernel gives it back when the
// process ends; its file goes when it is given back, so that none is left behind.
func (c Cache) tryLock(name string) (unlock func() error, err error) {
	path := c.locked(name)
	lock := flock.New(path, flock.SetPermissions(0o644))
	got, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the download %s: %w", name, err)
	}
	if got {
		mine, err := lock.Stat()
		if now, gone := os.Stat(path); err == nil && gone == nil && os.SameFile(mine, now) {
			return func() error { return errors.Join(os.Remove(path), lock.Unlock()) }, nil
		}
		if err := errors.Join(err, lock.Unlock()); err != nil { // the file went after we opened it
			return nil, err
		}
	}
	return nil, CacheBusy.Failf("another wiabctl downloads %s", name)
}

// keep makes a whole part an entry.
func (c Cache) keep(name, sum string) error {
	return errors.Join(os.Rename(c.part(name), c.file(sum)), gone(os.Remove(c.note(name))), syncDir(c.whole()))
}

// drop forgets what came of an entry so far.
func (c Cache) drop(name string) error {
	return errors.Join(gone(os.Remove(c.part(name))), gone(os.Remove(c.note(name))))
}
