package assets

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/renameio/v2"
)

// Pins is the directory that remembers the digest of the first whole file that came
// under each name. Wire publishes no digests: so the first one is what every later
// download is held to.
type Pins struct{ Dir string }

// pin is what is remembered of a file.
type pin struct {
	SHA256 string    `json:"sha256"`
	Size   int64     `json:"size"` // in bytes
	URL    string    `json:"url"`  // without a password
	When   time.Time `json:"when"`
}

func (p Pins) file(name string) string { return filepath.Join(p.Dir, name+".json") }

// get is nil while nothing came under the name.
func (p Pins) get(name string) (*pin, error) {
	text, err := os.ReadFile(p.file(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the digest of the first %s: %w", name, err)
	}
	var known pin
	if err := json.Unmarshal(text, &known); err != nil {
		return nil, DigestUnknown.Failf("%s: %w", p.file(name), err)
	}
	if !hash64.MatchString(known.SHA256) {
		return nil, DigestUnknown.Failf("%s holds no digest", p.file(name))
	}
	return &known, nil
}

// names are those of all files that came, by digest.
func (p Pins) names() (map[string]string, error) {
	files, err := os.ReadDir(p.Dir)
	if err != nil && gone(err) != nil {
		return nil, fmt.Errorf("list the known digests: %w", err)
	}
	all := map[string]string{}
	for _, file := range files {
		name, ok := strings.CutSuffix(file.Name(), ".json")
		if known, err := p.get(name); ok && err == nil && known != nil {
			all[known.SHA256] = name
		}
	}
	return all, nil
}

// set remembers the file of a name, whole or not at all.
func (p Pins) set(name string, known pin) error {
	text, err := json.MarshalIndent(known, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(p.Dir, 0o700); err != nil {
		return fmt.Errorf("make the directory of known digests: %w", err)
	}
	if err := renameio.WriteFile(p.file(name), append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("remember the digest of %s: %w", name, err)
	}
	return nil
}

// forget lets the next whole file of the name be the first one.
func (p Pins) forget(name string) error { return gone(os.Remove(p.file(name))) }
