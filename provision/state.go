package provision

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"wiabctl/provision/change"
)

// clear takes the state away, last, after everything that needs it. The receipt of the
// packages stays for as long as they do: after purging them there is none.
func (h host) clear(purging bool) []change.Change {
	_, err := os.Stat(h.state)
	if err != nil || !purging && len(besides(h.state, h.packages.Receipt.files())) == 0 {
		return nil
	}
	return []change.Change{{Verb: change.Delete, Subject: "directory " + h.state, Reason: "wiabctl made it",
		Apply: func(ctx context.Context, _ change.Progress) error {
			if err := h.packages.Receipt.fade(ctx); err != nil {
				return err
			}
			var errs []error
			for _, path := range besides(h.state, h.packages.Receipt.files()) {
				errs = append(errs, os.RemoveAll(path))
			}
			return errors.Join(errs...)
		}}}
}

// besides are the paths that have to go so that of all at and below the path only the
// files stay that are to be kept.
func besides(path string, keep []string) []string {
	below := func(kept string) bool { return strings.HasPrefix(kept, path+"/") }
	switch {
	case slices.Contains(keep, path):
		return nil
	case !slices.ContainsFunc(keep, below):
		return []string{path}
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil // what is to be kept has gone, and the directory with it
	}
	var all []string
	for _, e := range entries {
		all = append(all, besides(filepath.Join(path, e.Name()), keep)...)
	}
	return all
}
