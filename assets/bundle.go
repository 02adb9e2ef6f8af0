package assets

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"

	"wiabctl/provision/change"
)

// Bundle is a directory that holds all downloads of an installation, for a host that has no
// way to the internet: each under its name, and their digests as sha256sum writes them.
type Bundle struct{ Dir string }

// bundled is the list of digests; it is written last, so a directory without it is no bundle.
const bundled = "SHA256SUMS"

// digest is what the bundle says of a file.
func (b Bundle) digest(name string) (string, error) {
	path := filepath.Join(b.Dir, bundled)
	text, err := os.ReadFile(path)
	if err != nil {
		return "", BundleUnusable.Failf("assets.source: %w", err)
	}
	sums, err := parseSums(text)
	if err != nil {
		return "", BundleUnusable.Failf("assets.source: %s: %w", path, err)
	}
	if sums[name] == "" {
		return "", BundleUnusable.Failf("assets.source: %s does not hold %s; it holds %s", b.Dir, name, listed(sums))
	}
	return sums[name], nil
}

// Plan wants the downloads in the directory, which is new or a bundle already: files of
// somebody else are not mixed with.
func (b Bundle) Plan(downloads ...Download) ([]change.Change, error) {
	if err := b.free(downloads); err != nil {
		return nil, err
	}
	var plan []change.Change
	for _, d := range downloads {
		plan = append(plan, change.Change{
			Verb: change.Create, Subject: "file " + filepath.Join(b.Dir, d.Name), Reason: "the " + d.What + " of this configuration",
			Apply: func(ctx context.Context, say change.Progress) error { return b.add(ctx, d, say) },
		})
	}
	return append(plan, change.Change{
		Verb: change.Create, Subject: "file " + filepath.Join(b.Dir, bundled), Reason: "it tells the digests, and that the bundle is whole",
		Apply: func(context.Context, change.Progress) error { return b.seal(downloads) },
	}), nil
}

// free refuses a directory with other things in it.
func (b Bundle) free(downloads []Download) error {
	entries, err := os.ReadDir(b.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the bundle's directory: %w", err)
	}
	for _, e := range entries {
		ours := e.Name() == bundled || slices.ContainsFunc(downloads, func(d Download) bool {
			return e.Name() == d.Name || e.Name() == d.Name+".part"
		})
		if !ours {
			return BundleUnusable.Failf("%s holds %s, which is no part of this bundle", b.Dir, e.Name())
		}
	}
	return nil
}

// add copies a download, which is brought into the cache first.
func (b Bundle) add(ctx context.Context, d Download, say change.Progress) error {
	path, _, err := d.Fetch(ctx, say)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(b.Dir, 0o755); err != nil {
		return err
	}
	if err := gone(os.Remove(filepath.Join(b.Dir, bundled))); err != nil { // until all is there again
		return err
	}
	final := filepath.Join(b.Dir, d.Name)
	part := final + ".part"
	if err := errors.Join(copyFile(ctx, path, part), flush(part)); err != nil { // no mode: a stick's file system may know none
		if full(err) {
			err = NoSpace.Failf("the %s does not fit into %s: %w", d.What, b.Dir, err)
		}
		return errors.Join(err, gone(os.Remove(part)))
	}
	return os.Rename(part, final)
}

// seal writes the digests.
func (b Bundle) seal(downloads []Download) error {
	var text strings.Builder
	for _, d := range downloads {
		sum, err := d.Digest()
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "%s  %s\n", sum, d.Name)
	}
	if err := renameio.WriteFile(filepath.Join(b.Dir, bundled), []byte(text.String()), 0o644); err != nil {
		return fmt.Errorf("seal the bundle: %w", err)
	}
	return syncDir(b.Dir)
}
