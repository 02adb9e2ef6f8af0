package provision

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"wiabctl/provision/change"
)

// historyDir is where the records of the runs are.
const historyDir = stateDir + "/log"

// keptRuns is how many records stay; older ones go when a run begins.
const keptRuns = 200

// runLog is the record of one run, a file of JSON lines: its events, and between them, at
// debug level, what was sent, asked and waited for. The file is locked by whom it is written,
// so that a run that was killed is told from one that works.
type runLog struct {
	number int
	path   string
	secret func() *strings.Replacer // nil, or returning nil: none is known
	made   int                      // changes

	mu     sync.Mutex
	file   *os.File
	held   bytes.Buffer // what comes before there is a file
	hidden *strings.Replacer
}

// openRunLog begins a record in dir: in memory where there is no such directory.
func openRunLog(dir string, secret func() *strings.Replacer) (*runLog, error) {
	records, err := records(dir)
	if err != nil {
		return nil, err
	}
	l := &runLog{number: 1, secret: secret}
	if len(records) > 0 {
		l.number = records[len(records)-1].number + 1
	}
	l.path = filepath.Join(dir, fmt.Sprintf("%06d.jsonl", l.number))
	l.learn()
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	for _, old := range records[:max(0, len(records)-keptRuns+1)] {
		_ = os.Remove(old.path) // one too many does no harm
	}
	return l, l.keep()
}

// keep makes the file, if there is none yet.
func (l *runLog) keep() (err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return fmt.Errorf("make the directory of the run logs: %w", err)
	}
	if l.file, err = os.OpenFile(l.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		return fmt.Errorf("begin the run log: %w", err)
	}
	_, err = l.held.WriteTo(l.file)
	return errors.Join(err, unix.Flock(int(l.file.Fd()), unix.LOCK_EX)) // who lists the runs holds it for a moment
}

// kept tells whether there is a file.
func (l *runLog) kept() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file != nil
}

// learn finds out what is secret by now.
func (l *runLog) learn() {
	if l.secret == nil {
		return
	}
	hidden := l.secret()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hidden = hidden
}

// Write takes a whole line. A full disk must not hide from people what happens, nor stop it.
func (l *runLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := line
	if l.hidden != nil {
		text = []byte(l.hidden.Replace(string(line)))
	}
	if l.file != nil {
		_, _ = l.file.Write(text)
	} else {
		l.held.Write(text)
	}
	return len(line), nil
}

// tee records every event and hands it on.
func (l *runLog) tee(next Observer) Observer {
	return func(e Event) {
		l.note(e)
		next(e)
	}
}

func (l *runLog) note(e Event) {
	switch e.Kind {
	case ChangeBegun:
		if e.Verb != change.Delete && e.Verb != change.Stop { // down has to leave nothing behind
			_ = l.keep()
		}
	case ChangeMade:
		l.made++
	case StageDone, StageFailed: // it may have made secrets
		l.learn()
	}
	if line, err := json.Marshal(e); err == nil {
		_, _ = l.Write(append(line, '\n'))
	}
}

// logger writes into the record.
func (l *runLog) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Close ends the record.
func (l *runLog) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		_ = l.file.Close() // what could not be written was not written before
	}
}
