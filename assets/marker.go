package assets

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	// marker is written last into an unpacked artifact: it says that the directory
	// is ours and whole.
	marker = ".wiabctl-artifact"
	// unfinished is written first: the directory is ours, and not whole.
	unfinished = ".wiabctl-unfinished"
)

// receipt is what the marker holds.
type receipt struct {
	Hash   string    `json:"hash"`
	SHA256 string    `json:"sha256"`
	When   time.Time `json:"when"`
	// What the last activation adds: the configured URL, and when it was.
	URL       string    `json:"url,omitempty"`
	Activated time.Time `json:"activated,omitzero"`
}

// write puts the marker into a version's tree.
func (r receipt) write(tree *os.Root) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	part := marker + ".part"
	if err := gone(tree.Remove(part)); err != nil {
		return err
	}
	file, err := tree.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // its URL may hold a password
	if err != nil {
		return err
	}
	_, err = file.Write(append(text, '\n'))
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return tree.Rename(part, marker)
}

// readReceipt reads the marker of dir; fs.ErrNotExist says that there is none.
func readReceipt(dir string) (receipt, error) {
	var r receipt
	path := filepath.Join(dir, marker)
	text, err := os.ReadFile(path)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("read %s: %w", path, err)
	}
	return r, nil
}

// ours tells whether a directory was made by wiabctl, whole or not. An empty one
// counts: taking it takes nothing from anybody.
func ours(dir string) bool {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() {
		return false
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	return len(entries) == 0 || slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return marks(e.Name()) && e.Type().IsRegular()
	})
}

// marks tells whether a name is one of the two markers.
func marks(name string) bool { return name == marker || name == unfinished }

// discard removes a directory that is ours. It loses its name first and its
// markers last: whenever this is interrupted, what remains is known as ours and
// as not whole.
func discard(dir string) error {
	part := strings.TrimSuffix(dir, ".part") + ".part"
	if part != dir {
		if err := discard(part); err != nil {
			return err
		}
		if err := os.Rename(dir, part); err != nil {
			return gone(err)
		}
	}
	if exists(part) && !ours(part) {
		return ArtifactForeign.Failf("%s exists and was not made by wiabctl", part)
	}
	entries, err := os.ReadDir(part)
	if err != nil {
		return gone(err)
	}
	for _, e := range entries {
		if marks(e.Name()) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(part, e.Name())); err != nil {
			return err
		}
	}
	return os.RemoveAll(part)
}
