package assets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/renameio/v2"

	"wiabctl/provision/change"
)

// Download is one file that comes from elsewhere and is kept in a directory.
type Download struct {
	What   string // what it is, for people: "artifact"
	URL    string // http:, https: or file:
	SHA256 string // its digest, 64 hex digits; empty accepts whatever comes
	Path   string // where it lies once it is whole
	// Patience is how long the transfer may go without getting further before it
	// is given up; zero means a minute.
	Patience time.Duration
}

const (
	patience = time.Minute
	// longest bounds a transfer that does get further: 10 GiB at 1 Mbit/s.
	longest = 24 * time.Hour
)

// Held tells whether the file is here, whole and of the wanted digest.
func (d Download) Held() bool {
	sum, err := d.recorded()
	if err != nil || d.SHA256 != "" && d.SHA256 != sum {
		return false
	}
	info, err := os.Stat(d.Path)
	return err == nil && info.Mode().IsRegular()
}

// Fetch makes sure that the file is here and returns its digest. Transient
// errors are retried, and go on where they broke off if the server can. It fails
// with DownloadFailed, ArtifactDigest or NoSpace, and then leaves nothing behind.
func (d Download) Fetch(ctx context.Context, say change.Progress) (string, error) {
	if d.Held() {
		return d.recorded()
	}
	if d.Patience == 0 {
		d.Patience = patience
	}
	if err := os.MkdirAll(filepath.Dir(d.Path), 0o755); err != nil {
		return "", fmt.Errorf("make the download directory: %w", err)
	}
	sum, err := d.transfer(ctx, say)
	if err == nil {
		err = d.keep(sum)
	}
	if err != nil {
		return "", errors.Join(err, gone(os.Remove(d.part())))
	}
	return sum, nil
}

// transfer fills the part file and returns the digest of what came.
func (d Download) transfer(ctx context.Context, say change.Progress) (string, error) {
	t, err := begin(d, say)
	if err != nil {
		return "", err
	}
	defer t.file.Close()
	wait := change.Condition{
		Description: fmt.Sprintf("%s from %s", d.What, redacted(d.URL)),
		Deadline:    longest,
		Interval:    250 * time.Millisecond,
		Check:       t.attempt,
	}
	switch err := wait.Await(ctx, say); {
	case err == nil:
		return t.finish()
	case ctx.Err() != nil:
		return "", err
	default:
		return "", d.explain(err)
	}
}

// explain gives an error the kind that the user knows it by.
func (d Download) explain(err error) error {
	if full(err) {
		return NoSpace.Failf("the %s does not fit into %s: %w", d.What, filepath.Dir(d.Path), err)
	}
	return DownloadFailed.Failf("%w", err)
}

// keep verifies the digest of the part file and gives it its name. The record is
// written last: a file without one is not held.
func (d Download) keep(sum string) error {
	if d.SHA256 != "" && d.SHA256 != sum {
		return ArtifactDigest.Failf("%s from %s has sha256 %s, configured is %s", d.What, redacted(d.URL), sum, d.SHA256)
	}
	if err := gone(os.Remove(d.record())); err != nil {
		return err
	}
	if err := os.Rename(d.part(), d.Path); err != nil {
		return err
	}
	line := fmt.Sprintf("%s  %s\n", sum, filepath.Base(d.Path))
	if err := renameio.WriteFile(d.record(), []byte(line), 0o644); err != nil {
		return fmt.Errorf("record the digest of %s: %w", d.Path, err)
	}
	return syncDir(filepath.Dir(d.Path))
}

// Forget removes the file, so that the next Fetch brings it anew.
func (d Download) Forget() error {
	return errors.Join(gone(os.Remove(d.record())), gone(os.Remove(d.Path)))
}

func (d Download) part() string   { return d.Path + ".part" }
func (d Download) record() string { return d.Path + ".sha256" }

// recorded is the digest noted when the file came, in the form of sha256sum.
func (d Download) recorded() (string, error) {
	line, err := os.ReadFile(d.record())
	if err != nil {
		return "", err
	}
	sum, _, _ := strings.Cut(string(line), " ")
	if !hash64.MatchString(sum) {
		return "", fmt.Errorf("%s holds no digest", d.record())
	}
	return sum, nil
}
