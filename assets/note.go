package assets

import (
	"encoding/json"
	"os"

	"github.com/google/renameio/v2"
)

// note is what is remembered of a download on its way, beside its bytes: from where
// they are, and how the server proves that it still has the same file.
type note struct {
	URL       string `json:"url"`       // digest of the URL, which may hold a password
	Validator string `json:"validator"` // what If-Range may hold; empty if nothing may
	Total     int64  `json:"total"`     // the file's size in bytes; 0 if unknown
}

// readNote reads a note; one that cannot be read says nothing.
func readNote(path string) note {
	var n note
	text, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(text, &n) != nil {
		return note{}
	}
	return n
}

func (n note) write(path string) error {
	text, err := json.Marshal(n)
	if err != nil {
		return err
	}
	return renameio.WriteFile(path, text, 0o644)
}

// of tells whether the note is of what the URL gave.
func (n note) of(url string) bool { return n.URL == digest(url) }
