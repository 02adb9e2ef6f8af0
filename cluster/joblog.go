package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"
	"sync"

	"github.com/pkg/sftp"

	"wiabctl/provision/change"
)

// jobLog reads the log of a job's run while it grows: each line begins with its time
// (job.sh). It remembers where it is, so that it goes on there after a connection broke.
type jobLog struct {
	admin  *Admin
	name   string // relative to the deploy directory
	run    string // whose end is looked for
	offset int64
	part   []byte // the beginning of a line that is not complete yet

	client *sftp.Client
	file   *sftp.File

	once   sync.Once
	redact *strings.Replacer
}

const (
	logChunk = 256 << 10 // bytes read at a time
	// lineLimit is the longest that a line may be, in bytes: one that is longer is cut there.
	lineLimit = 64 << 10
)

// more hands on the complete lines that have been added, with their times, and tells
// whether the run's end is among them.
func (l *jobLog) more(ctx context.Context, line func(string)) (ended bool, err error) {
	err = l.admin.files(ctx, func(files *sftp.Client) error {
		chunk := make([]byte, logChunk)
		for {
			n, err := l.read(files, chunk)
			for _, text := range l.split(chunk[:n]) {
				ended = ended || l.isEnd(text)
				line(text)
			}
			if err != nil || n < len(chunk) || ctx.Err() != nil {
				return err
			}
		}
	})
	return ended, err
}

// read fills the buffer as far as there is something.
func (l *jobLog) read(files *sftp.Client, into []byte) (int, error) {
	if l.client != files {
		file, err := files.Open(l.admin.path(l.name))
		if err != nil {
			return 0, fmt.Errorf("read %s on the admin host: %w", l.name, err)
		}
		l.client, l.file = files, file
	}
	n, err := l.file.ReadAt(into, l.offset)
	l.offset += int64(n)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// close lets go of the file: one connection serves all jobs of a run.
func (l *jobLog) close() {
	if l.file != nil {
		_ = l.file.Close()
	}
	l.client, l.file = nil, nil
}

// split returns the complete lines of what is there and what comes.
func (l *jobLog) split(chunk []byte) (lines []string) {
	rest := append(l.part, chunk...)
	for {
		line, more, complete := bytes.Cut(rest, []byte("\n"))
		switch {
		case len(line) > lineLimit:
			line, more = rest[:lineLimit], rest[lineLimit:]
		case !complete:
			l.part = bytes.Clone(rest)
			return lines
		}
		lines, rest = append(lines, l.fit(string(line))), more
	}
}

// fit makes a line fit to be seen: no terminal's controls, and no secret of ours.
func (l *jobLog) fit(line string) string {
	l.once.Do(func() {
		if l.admin.Redact != nil {
			l.redact = l.admin.Redact()
		}
	})
	if line = clean(line); l.redact != nil {
		line = l.redact.Replace(line)
	}
	return line
}

// isEnd tells whether this is the line that job.sh writes when the run has ended.
func (l *jobLog) isEnd(line string) bool {
	return strings.HasPrefix(untimed(line), "wiabctl: run "+l.run+" ")
}

// stamped is the time that job.sh puts before each line.
var stamped = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ `)

// untimed is a line without its time.
func untimed(line string) string { return line[len(stamped.FindString(line)):] }

// last returns the last n lines of the log, without their times.
func (l *jobLog) last(ctx context.Context, n int) string {
	var chunk []byte
	err := l.admin.files(ctx, func(files *sftp.Client) error {
		f, err := files.Open(l.admin.path(l.name))
		if err != nil {
			return err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		from := max(0, info.Size()-logChunk)
		chunk, err = io.ReadAll(io.NewSectionReader(f, from, info.Size()-from))
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "(the log cannot be read: " + err.Error() + ")"
	}
	var lines []string
	for line := range strings.Lines(string(chunk)) {
		if line := untimed(l.fit(line)); line != "" && !l.isEnd(line) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// clean makes a line of foreign output fit for a terminal.
func clean(line string) string { return change.Printable(strings.TrimRight(line, "\r\n")) }
