package provision

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// runLog is the record of one run: its events as JSON lines, in a file of its own.
type runLog struct {
	path string
	file *os.File
}

// openRunLog begins the record of a command in dir.
func openRunLog(dir, command string) (*runLog, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the directory of the run logs: %w", err)
	}
	path := filepath.Join(dir, time.Now().UTC().Format("20060102T150405.000")+"-"+command+".jsonl")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("begin the run log: %w", err)
	}
	return &runLog{path: path, file: file}, nil
}

// tee records every event and hands it on.
func (l *runLog) tee(next Observer) Observer {
	lines := json.NewEncoder(l.file)
	return func(e Event) {
		_ = lines.Encode(e) // a full disk must not hide from people what happens
		next(e)
	}
}

// Close ends the record.
func (l *runLog) Close() error { return l.file.Close() }
