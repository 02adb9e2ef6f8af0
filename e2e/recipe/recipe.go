// Package recipe caches what takes long to build, by the content of its
// recipe, in the user's cache directory.
package recipe

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// Recipe describes one thing to build.
type Recipe struct {
	Name string // the entry's readable part: "micro-image"
	// Inputs are all that the result depends on: versions, file contents, the
	// keys of other entries. A change of any builds anew.
	Inputs []string
	// Build fills dir, an empty directory.
	Build func(ctx context.Context, dir string) error
}

// Key names the entry: the name and the digest of the inputs.
func (r Recipe) Key() string {
	h := sha256.New()
	for _, in := range r.Inputs {
		fmt.Fprintf(h, "%d:%s\n", len(in), in)
	}
	return r.Name + "-" + hex.EncodeToString(h.Sum(nil))[:16]
}

// Dir is where all entries live: wiabctl-lab in the user's cache directory.
func Dir() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(base, "wiabctl-lab"), nil
}

// Get returns the directory that holds the built thing, building it when it is
// not there. Two processes that ask for the same entry build it once.
func (r Recipe) Get(ctx context.Context) (string, error) {
	root, err := Dir()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", err
	}
	final := filepath.Join(root, r.Key())
	lock := flock.New(final + ".lock")
	if err := lock.Lock(); err != nil {
		return "", fmt.Errorf("lock %s: %w", r.Name, err)
	}
	defer lock.Unlock() //nolint:errcheck // the process's end unlocks it too
	if _, err := os.Stat(final); err == nil {
		return final, nil
	}
	part := final + ".part"
	if err := os.RemoveAll(part); err != nil {
		return "", err
	}
	if err := os.Mkdir(part, 0o755); err != nil {
		return "", err
	}
	if err := r.Build(ctx, part); err != nil {
		return "", fmt.Errorf("build %s: %w", r.Name, err)
	}
	return final, os.Rename(part, final)
}

// Tree is an input that stands for all files below dir.
func Tree(dir string) (string, error) {
	h := sha256.New()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%s %v %d\n", rel, info.Mode().Perm()&0o111 != 0, info.Size())
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(h, f)
		return err
	})
	return hex.EncodeToString(h.Sum(nil)), err
}
