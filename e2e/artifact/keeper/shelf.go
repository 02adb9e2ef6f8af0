package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/google/renameio/v2"
)

// errOther says that something else lies there than the caller would replace.
var errOther = errors.New("another generation lies here")

// shelf holds one content, in a file and in memory.
type shelf struct {
	path string

	mu         sync.Mutex
	content    []byte
	generation string
}

// openShelf finds what the file holds; without a file it is nothing.
func openShelf(path string) (*shelf, error) {
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return &shelf{path: path, content: content, generation: generation(content)}, nil
}

// generation names a content.
func generation(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// get returns the content, which nobody may change, and its generation.
func (s *shelf) get() ([]byte, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.content, s.generation
}

// put replaces the generation over. When it returns, the content survives a
// power cut.
func (s *shelf) put(content []byte, over string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.generation != over {
		return errOther
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return err
	}
	// It holds the cluster's secrets, so only root reads it.
	if err := renameio.WriteFile(s.path, content, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", s.path, err)
	}
	if err := syncDir(filepath.Dir(s.path)); err != nil {
		return err
	}
	s.content, s.generation = content, generation(content)
	return nil
}

// syncDir brings a rename in a directory onto the disk.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
