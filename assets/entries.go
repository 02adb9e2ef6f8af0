package assets

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"wiabctl/provision/change"
)

// Entry is a file of the cache.
type Entry struct {
	Name   string // what it was downloaded as; empty if nothing tells
	SHA256 string // its digest, 64 hex digits; empty while it still comes
	Size   int64  // in bytes
	path   string
}

// Entries lists the cache: whole files first, then those that are still on their way.
func (c Cache) Entries(pins Pins) ([]Entry, error) {
	names, err := pins.names()
	if err != nil {
		return nil, err
	}
	var all []Entry
	for _, dir := range []string{c.whole(), c.parts()} {
		files, err := os.ReadDir(dir)
		if err != nil && gone(err) != nil {
			return nil, fmt.Errorf("list the cache: %w", err)
		}
		for _, file := range files {
			info, err := file.Info()
			if err != nil || !info.Mode().IsRegular() {
				continue // it went meanwhile, or it is none of ours
			}
			entry := Entry{Size: info.Size(), path: filepath.Join(dir, file.Name())}
			if name, part := strings.CutSuffix(file.Name(), ".part"); part && dir == c.parts() {
				entry.Name = name
			} else if dir == c.whole() && hash64.MatchString(file.Name()) {
				entry.SHA256, entry.Name = file.Name(), names[file.Name()]
			} else {
				continue
			}
			all = append(all, entry)
		}
	}
	return all, nil
}

// Verify reads a whole file again and removes it if it is not what came: then it fails with
// ArtifactCorrupt, and the next Fetch brings it anew.
func (c Cache) Verify(ctx context.Context, e Entry, say change.Progress) error {
	file, err := os.Open(e.path)
	if err != nil {
		return err
	}
	defer file.Close()
	source := &watched{from: until{ctx, file}, total: func() int64 { return e.Size }, meter: meter{what: "verify", say: say}}
	sum := sha256.New()
	if _, err := io.CopyBuffer(onlyWriter{sum}, source, make([]byte, block)); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != e.SHA256 {
		return errors.Join(ArtifactCorrupt.Failf("%s (%s) was altered since it came: its sha256 is %s", e.path, e.Name, got), os.Remove(e.path))
	}
	return nil
}

// Prune plans the removal of all but what is wanted. What another process is at work on
// stays.
func (c Cache) Prune(pins Pins, wanted ...Download) ([]change.Change, error) {
	entries, err := c.Entries(pins)
	if err != nil {
		return nil, err
	}
	var plan []change.Change
	for _, e := range entries {
		if slices.ContainsFunc(wanted, e.is) {
			continue
		}
		plan = append(plan, change.Change{
			Verb: change.Delete, Subject: "download " + e.path, Reason: fmt.Sprintf("%s of %s; what is needed again comes again", amount(float64(e.Size)), e.title()),
			Apply: func(context.Context, change.Progress) error { return c.remove(e) },
		})
	}
	return plan, nil
}

// is tells whether the entry is the download, or what came of it.
func (e Entry) is(d Download) bool {
	if e.SHA256 == "" {
		return e.Name == d.Name
	}
	want, err := d.Digest()
	return err != nil || e.SHA256 == want // what cannot be told stays
}

// title is what the entry is called where its name is not known.
func (e Entry) title() string {
	if e.Name == "" {
		return "something"
	}
	return e.Name
}

// remove deletes an entry unless somebody is at work on it.
func (c Cache) remove(e Entry) error {
	if e.SHA256 != "" {
		return gone(os.Remove(e.path))
	}
	unlock, err := c.tryLock(e.Name)
	if err != nil {
		return err
	}
	return errors.Join(c.drop(e.Name), unlock())
}

// Remove plans the removal of the whole cache. What else lies in its directory stays.
func (c Cache) Remove() []change.Change {
	if !exists(c.whole()) && !exists(c.parts()) {
		return nil
	}
	return []change.Change{{
		Verb: change.Delete, Subject: "directory " + c.Dir, Reason: "it holds what wiabctl downloaded",
		Apply: func(context.Context, change.Progress) error {
			err := errors.Join(erase(c.whole(), hash64), erase(c.parts(), partName))
			_ = os.Remove(c.Dir) // unless somebody else uses it
			return err
		},
	}}
}

// partName is what things in parts/ are called, also before a note has its name.
var partName = regexp.MustCompile(`^\.?[a-z0-9][a-z0-9.-]{0,150}\.(part|json|lock)[0-9]*$`)

// erase removes what has a name of ours in a directory of the cache, and that directory if
// nothing is left in it.
func erase(dir string, ours *regexp.Regexp) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return gone(err)
	}
	var errs []error
	for _, file := range files {
		if ours.MatchString(file.Name()) {
			errs = append(errs, gone(os.Remove(filepath.Join(dir, file.Name()))))
		}
	}
	_ = os.Remove(dir) // unless somebody else uses it
	return errors.Join(errs...)
}
