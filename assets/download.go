package assets

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"wiabctl/provision/change"
)

// Download is one file that comes from elsewhere and is kept in the cache.
type Download struct {
	What   string   // what it is, for people: "artifact"
	Name   string   // what it is called in cache and pins: "artifact-<hash>"
	URLs   []string // http:, https: or file:, the preferred one first; all give the same file
	SHA256 string   // its digest, 64 hex digits; empty: that of the first whole file of the name
	Cache  Cache
	Pins   Pins
	Bundle Bundle // vouches for the file by its name, if there is one
	// Vouch asks the publisher for the digest, where nothing else tells it; nil: nobody is asked.
	Vouch func(ctx context.Context, say change.Progress) (string, error)
	// Patience is how long the transfer may go without getting further before it
	// is given up; zero means a minute.
	Patience time.Duration
}

const (
	patience = time.Minute
	// longest bounds a transfer that does get further: 10 GiB at 1 Mbit/s.
	longest = 24 * time.Hour
)

// Use reads the bytes of a download from the first on, perhaps while it still comes;
// total is the file's size in bytes, 0 while it is unknown.
type Use func(ctx context.Context, file io.Reader, total func() int64) error

// Digest is what the file has to have: the given one, else what the bundle says, else that
// of the first whole file of the name; empty if there was none.
func (d Download) Digest() (string, error) {
	switch {
	case d.SHA256 != "":
		return d.SHA256, nil
	case d.Bundle.Dir != "":
		return d.Bundle.digest(d.Name)
	}
	known, err := d.Pins.get(d.Name)
	if known == nil {
		return "", err
	}
	return known.SHA256, nil
}

// Held gives the path of the whole file in the cache, if it is there.
func (d Download) Held() (path string, held bool) {
	sum, err := d.Digest()
	if err != nil || sum == "" || !d.Cache.has(sum) {
		return "", false
	}
	return d.Cache.file(sum), true
}

// Fetch makes sure that the file is in the cache and returns its path and digest.
// Transient errors are retried, at the other URLs too; what came stays, so that the
// next Fetch, also of another process, goes on from there. It fails with DownloadFailed,
// ArtifactDigest, DigestChanged or NoSpace.
func (d Download) Fetch(ctx context.Context, say change.Progress) (path, sum string, err error) {
	sum, err = d.Follow(ctx, say, nil)
	return d.Cache.file(sum), sum, err
}

// Follow is Fetch, and has the file read while it comes. Where the server begins
// another file, or what an earlier run left turns out to be spoiled, it is read again
// from the first byte on. Follow returns when both are done. What cannot be read (ArtifactCorrupt) is
// not kept; after any other error of use the file stays.
func (d Download) Follow(ctx context.Context, say change.Progress, use Use) (sum string, err error) {
	if !entryName.MatchString(d.Name) {
		return "", fmt.Errorf("%q is no name for a download", d.Name)
	}
	if err := d.Cache.prepare(); err != nil {
		return "", err
	}
	unlock, err := d.Cache.lock(ctx, d.Name, say)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if path, held := d.Held(); held {
		return d.reread(ctx, path, use)
	}
	if d, err = d.vouched(ctx, say); err != nil {
		return "", err
	}
	t, err := d.begin(ctx, say)
	if err != nil {
		return "", err
	}
	defer t.close()
	earlier := t.have > 0
	for {
		sum, err = t.run(ctx, use)
		if !spoiled(err) {
			return sum, err
		}
		if void := t.void(); void != nil {
			return "", errors.Join(err, void)
		}
		if !earlier && !t.another(err) {
			return "", err
		}
		say.Sayf("%v; beginning anew", err)
		earlier = false
	}
}

// vouched is the download with the digest that its publisher gives, where nothing else
// tells it.
func (d Download) vouched(ctx context.Context, say change.Progress) (Download, error) {
	known, err := d.Digest()
	if err == nil && known == "" && d.Vouch != nil {
		d.SHA256, err = d.Vouch(ctx, say)
	}
	return d, err
}

// spoiled tells whether what came is of no use.
func spoiled(err error) bool {
	return errors.Is(err, ArtifactDigest.Failf("")) || errors.Is(err, DigestChanged.Failf("")) || errors.Is(err, ArtifactCorrupt.Failf(""))
}

// run brings the file, and has it read beside.
func (t *transfer) run(ctx context.Context, use Use) (string, error) {
	both, ctx := errgroup.WithContext(ctx)
	if use != nil {
		both.Go(func() error { return t.readers(ctx, use) })
	}
	both.Go(func() error {
		err := t.bring(ctx)
		t.finish(err)
		return err
	})
	used := both.Wait()
	if used != nil && (spoiled(used) || !t.complete()) {
		return "", used
	}
	return t.digest(), errors.Join(used, t.keep())
}

// readers reads the file, as often as it begins anew.
func (t *transfer) readers(ctx context.Context, use Use) error {
	for {
		reader, stop := t.follow(ctx)
		err := use(ctx, reader, t.size)
		stop()
		if !errors.Is(err, errAnew) {
			return err
		}
	}
}

// reread reads a file that is in the cache. What came once may have been altered since,
// so it is verified again.
func (d Download) reread(ctx context.Context, path string, use Use) (string, error) {
	want, err := d.Digest()
	if err != nil || use == nil {
		return want, err
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	reader := io.TeeReader(until{ctx, file}, sum)
	err = use(ctx, reader, info.Size)
	if err == nil {
		_, err = io.Copy(io.Discard, reader)
	}
	if spoiled(err) { // by whom, the rest will tell
		_, rest := io.Copy(io.Discard, reader)
		err = errors.Join(err, rest)
	}
	got := hex.EncodeToString(sum.Sum(nil))
	switch {
	case got != want && (err == nil || spoiled(err)):
		return "", errors.Join(ArtifactCorrupt.Failf("%s was altered since it came: its sha256 is %s", path, got), gone(os.Remove(path)))
	case spoiled(err): // it came like that
		return "", errors.Join(err, d.Forget())
	}
	return want, err
}

// Forget removes the file, so that the next Fetch brings it anew. The digest of one that
// nobody vouched for is forgotten too.
func (d Download) Forget() error {
	sum, err := d.Digest()
	if err != nil || sum == "" {
		return err
	}
	err = gone(os.Remove(d.Cache.file(sum)))
	if d.SHA256 == "" {
		err = errors.Join(err, d.Pins.forget(d.Name))
	}
	return err
}

// Pull is Fetch for a file that is not used yet. A .tgz that no digest vouches for is read
// to its end, so that one which is cut off is not taken for the first whole one.
func (d Download) Pull(ctx context.Context, say change.Progress) error {
	var use Use
	if known, err := d.Digest(); err != nil {
		return err
	} else if known == "" && strings.HasSuffix(d.Name, ".tgz") {
		use = sound
	}
	_, err := d.Follow(ctx, say, use)
	return err
}

// Source is where the file comes from, for people: without a password.
func (d Download) Source() string { return redacted(d.URLs[0]) }
