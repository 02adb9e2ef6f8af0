package registry

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// ledger remembers which generations the keeper may show. It is a file, since
// the host may go down while a dump is on its way.
type ledger struct {
	path string
	Kept string   `json:"kept"` // what the keeper has confirmed last
	Sent []string `json:"sent"` // what it was given since, without an answer
}

// openLedger begins where the file ends; without one, with an empty keeper.
func openLedger(path string) (*ledger, error) {
	l := &ledger{path: path, Kept: generation(nil)}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err == nil {
		err = json.Unmarshal(text, l)
	}
	if err != nil {
		return nil, fmt.Errorf("which generations the keeper may show: %w", err)
	}
	return l, nil
}

// knows tells whether a generation is one that the keeper got last.
func (l *ledger) knows(generation string) bool {
	return generation == l.Kept || slices.Contains(l.Sent, generation)
}

// sending is called before a generation is sent.
func (l *ledger) sending(generation string) error {
	if slices.Contains(l.Sent, generation) {
		return nil
	}
	l.Sent = append(l.Sent, generation)
	return l.write()
}

// shown is called when the keeper has shown a generation. Nothing that was sent
// before can still take its place: the keeper replaces only what it is told to.
func (l *ledger) shown(generation string) error {
	if generation == l.Kept {
		return nil // what was sent may be on its way
	}
	l.Kept, l.Sent = generation, nil
	return l.write()
}

func (l *ledger) write() error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return replace(l.path, text)
}

// replace writes a file beside its place and renames it.
func replace(path string, content []byte) error {
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
