package vm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"
)

// A snapshot's directory is made before anything is taken, its description is
// written last and removed first: a directory without one is what an interruption left.
const descriptionFile = "snapshot.json"

func (s *Snapshots) dir(name string) string { return filepath.Join(s.Dir, name) }

// begin makes the snapshot's directories.
func (s *Snapshots) begin(name string, memory bool) error {
	if err := os.MkdirAll(s.dir(name), 0o700); err != nil {
		return err
	}
	if !memory {
		return nil
	}
	return os.MkdirAll(s.memoryDir(name), 0o700)
}

// describe completes the snapshot.
func (s *Snapshots) describe(snapshot *Snapshot) error {
	text, err := json.MarshalIndent(snapshot, "", "  ")
	if err != nil {
		return err
	}
	return renameio.WriteFile(filepath.Join(s.dir(snapshot.Name), descriptionFile), append(text, '\n'), private)
}

// load reads a snapshot's description; fs.ErrNotExist when it is not complete.
func (s *Snapshots) load(name string) (*Snapshot, error) {
	text, err := os.ReadFile(filepath.Join(s.dir(name), descriptionFile))
	if err != nil {
		return nil, err
	}
	snapshot := &Snapshot{}
	if err := json.Unmarshal(text, snapshot); err != nil {
		return nil, SnapshotIncomplete.Failf("the description of snapshot %s: %w", name, err)
	}
	return snapshot, nil
}

// invalidate makes the snapshot incomplete.
func (s *Snapshots) invalidate(name string) error {
	return gone(os.Remove(filepath.Join(s.dir(name), descriptionFile)))
}

// begun lists the snapshots that have a directory.
func (s *Snapshots) begun() ([]string, error) {
	entries, err := os.ReadDir(s.Dir)
	if err != nil {
		return nil, gone(err)
	}
	var names []string
	for _, entry := range entries {
		if entry.IsDir() && ValidSnapshotName(entry.Name()) {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// forget removes the snapshot's directories, that by which it is known last, and those that hold none any more.
func (s *Snapshots) forget(name string) error {
	err := os.RemoveAll(s.memoryDir(name))
	if err == nil {
		err = os.RemoveAll(s.dir(name))
	}
	_, _ = os.Remove(s.memoryRoot()), os.Remove(s.Dir) // fails where others remain
	return err
}

// halfFile names the snapshot whose restoring has begun and not ended. No snapshot
// can have this name.
func (s *Snapshots) halfFile() string { return filepath.Join(s.Dir, ".restoring") }

// half is the name of the snapshot that is half restored, empty if none is.
func (s *Snapshots) half() (string, error) {
	text, err := os.ReadFile(s.halfFile())
	if err != nil {
		return "", gone(err)
	}
	return strings.TrimSpace(string(text)), nil
}

func (s *Snapshots) setHalf(name string) error {
	return renameio.WriteFile(s.halfFile(), []byte(name+"\n"), private)
}

func (s *Snapshots) clearHalf() error { return gone(os.Remove(s.halfFile())) }

// Check refuses to go on with machines whose disks are of different times.
func (s *Snapshots) Check(context.Context) error {
	name, err := s.half()
	if err != nil {
		return fmt.Errorf("looking for an interrupted restore: %w", err)
	}
	if name != "" {
		return SnapshotHalfRestored.Failf("restoring snapshot %s was interrupted", name)
	}
	return nil
}

// gone takes the absence of a file for success.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
