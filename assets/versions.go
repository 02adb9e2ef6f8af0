package assets

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Version is an unpacked, whole version of the artifact.
type Version struct {
	Hash      string    `json:"hash"`
	Dir       string    `json:"dir"`
	URL       string    `json:"url,omitempty"` // where it was configured to come from when it was last activated
	SHA256    string    `json:"sha256"`        // of the .tgz that it was unpacked from
	Unpacked  time.Time `json:"unpacked"`
	Activated time.Time `json:"activated,omitzero"` // the last time; zero if it never was active
	Active    bool      `json:"active"`             // the link leads to it
}

// Versions lists the unpacked versions, the oldest first. What is foreign or not whole
// is none.
func (a Artifact) Versions() ([]Version, error) {
	active, err := a.active()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(a.Home)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var all []Version
	for _, e := range entries {
		hash, found := strings.CutPrefix(e.Name(), name+"-")
		dir := filepath.Join(a.Home, e.Name())
		if !found || !e.IsDir() {
			continue
		}
		if r, err := readReceipt(dir); err == nil && r.Hash == hash && hash40.MatchString(hash) {
			all = append(all, Version{Hash: hash, Dir: dir, URL: r.URL, SHA256: r.SHA256,
				Unpacked: r.When, Activated: r.Activated, Active: e.Name() == active})
		}
	}
	slices.SortFunc(all, func(a, b Version) int {
		return cmp.Or(a.Unpacked.Compare(b.Unpacked), strings.Compare(a.Hash, b.Hash))
	})
	return all, nil
}

// Previous is the one of the versions that was active before the active one; false if
// there is none. One that was about to become active when wiabctl was killed is none.
func Previous(versions []Version) (Version, bool) {
	var previous Version
	active := slices.IndexFunc(versions, func(v Version) bool { return v.Active })
	if active < 0 {
		return previous, false
	}
	for _, v := range versions {
		if v.Activated.Before(versions[active].Activated) && v.Activated.After(previous.Activated) {
			previous = v
		}
	}
	return previous, !previous.Activated.IsZero()
}
