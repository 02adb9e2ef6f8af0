package cluster

import (
	"bytes"
	"context"
	"io"
	"strings"
	"time"

	"wiabctl/provision/change"
)

// tail passes on the newest complete line of a growing file, at most one every
// sayEvery, so that hours of output stay readable.
type tail struct {
	admin  *Admin
	name   string
	say    change.Progress
	offset int64
	newest string
	said   time.Time
}

const (
	sayEvery  = 2 * time.Second
	tailChunk = 256 << 10 // bytes read at a time; of a flood only the end is looked at
)

// more reads what has been added. Trouble in reading is no trouble of the job's:
// the next call tries again.
func (t *tail) more(ctx context.Context) {
	chunk, err := t.read(ctx, t.offset)
	if err != nil {
		return
	}
	end := bytes.LastIndexByte(chunk, '\n')
	if end < 0 {
		t.flush()
		return
	}
	t.offset += int64(end) + 1
	for line := range strings.Lines(string(chunk[:end+1])) {
		if line = clean(line); line != "" {
			t.newest = line
		}
	}
	t.flush()
}

func (t *tail) flush() {
	if t.newest == "" || time.Since(t.said) < sayEvery {
		return
	}
	t.say.Sayf("%s", t.newest)
	t.newest, t.said = "", time.Now()
}

// read returns at most tailChunk bytes from the offset on, skipping ahead when
// more than that has been added.
func (t *tail) read(ctx context.Context, from int64) ([]byte, error) {
	files, err := t.admin.sftp(ctx)
	if err != nil {
		return nil, err
	}
	f, err := files.Open(t.admin.path(t.name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	t.offset = max(from, info.Size()-tailChunk)
	if t.offset >= info.Size() {
		return nil, nil
	}
	return io.ReadAll(io.NewSectionReader(f, t.offset, info.Size()-t.offset))
}

// last returns the last n lines of the file.
func (t *tail) last(ctx context.Context, n int) string {
	chunk, err := t.read(ctx, 0)
	if err != nil {
		return "(the log cannot be read: " + err.Error() + ")"
	}
	lines := strings.Split(strings.TrimRight(string(chunk), "\n"), "\n")
	lines = lines[max(0, len(lines)-n):]
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	return strings.Join(lines, "\n")
}

// clean makes a line of foreign output fit for a terminal.
func clean(line string) string {
	line = strings.ToValidUTF8(strings.TrimRight(line, "\r\n"), "?")
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, line)
}
