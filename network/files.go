package network

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// file is a file of ours on the host, readable by all.
type file struct{ path, content string }

type files []file

// differ says which files are missing or hold something else.
func (all files) differ() ([]string, error) {
	var reasons []string
	for _, f := range all {
		content, err := os.ReadFile(f.path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			reasons = append(reasons, f.path+" is missing")
		case err != nil:
			return nil, fmt.Errorf("reading what was written before: %w", err)
		case string(content) != f.content:
			reasons = append(reasons, f.path+" differs")
		}
	}
	return reasons, nil
}

// write puts every file that differs in place, whole.
func (all files) write() error {
	for _, f := range all {
		if content, err := os.ReadFile(f.path); err == nil && string(content) == f.content {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil {
			return fmt.Errorf("directory for %s: %w", f.path, err)
		}
		if err := renameio.WriteFile(f.path, []byte(f.content), 0o644, renameio.IgnoreUmask()); err != nil {
			return fmt.Errorf("writing %s: %w", f.path, err)
		}
	}
	return nil
}

// present are those that exist.
func (all files) present() []string {
	var found []string
	for _, f := range all {
		if _, err := os.Lstat(f.path); err == nil {
			found = append(found, f.path)
		}
	}
	return found
}

// erase deletes the files; none is success.
func (all files) erase() error {
	var errs []error
	for _, f := range all {
		if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
