package vm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
	"unicode/utf8"

	"wiabctl/provision/change"
)

// Log writes what the machine's serial console said, as it is kept on the host, which
// may be long after the machine is gone. Control characters are left out. With follow
// it goes on until ctx ends, and over to the next file when libvirt begins a new one.
// The error is fs.ErrNotExist when nothing was kept.
func (r *Room) Log(ctx context.Context, name string, follow bool, out io.Writer) error {
	machine, err := r.machine(name)
	if err != nil {
		return err
	}
	path := r.paths(machine).console
	log, err := os.Open(path)
	if err != nil {
		return Missing.Failf("nothing is kept of the console of %s: %w", name, err)
	}
	defer func() { log.Close() }()
	plain := &plainWriter{out: out}
	if !follow {
		_, err := io.Copy(plain, log)
		return err
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := io.Copy(plain, log); err != nil {
			return fmt.Errorf("console's log of %s: %w", name, err)
		}
		if log, err = current(log, path); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil // to stop following is no failure
		case <-tick.C:
		}
	}
}

// current is the open log, or the one that has taken its place; a log that was cut
// is read from its new beginning.
func current(log *os.File, path string) (*os.File, error) {
	was, err := log.Stat()
	if err != nil {
		return log, err
	}
	is, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return log, nil
	}
	if err != nil {
		return log, err
	}
	if os.SameFile(was, is) {
		return log, rewound(log, is.Size())
	}
	next, err := os.Open(path)
	if err != nil {
		return log, err
	}
	log.Close()
	return next, nil
}

// rewound sets the log back to its beginning when it is shorter than what was read.
func rewound(log *os.File, size int64) error {
	at, err := log.Seek(0, io.SeekCurrent)
	if err != nil || at <= size {
		return err
	}
	_, err = log.Seek(0, io.SeekStart)
	return err
}

// plainWriter hands on text without control characters, which could play with the reader's terminal. What is written may end
// within a character: that waits for its rest.
type plainWriter struct {
	out  io.Writer
	half []byte
}

func (w *plainWriter) Write(text []byte) (int, error) {
	all := append(w.half, text...)
	whole := len(all) - unfinished(all)
	w.half = bytes.Clone(all[whole:])
	_, err := io.WriteString(w.out, change.Printable(string(all[:whole])))
	return len(text), err
}

// unfinished is how many bytes at the end of the text begin a character that goes on behind it.
func unfinished(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if last := text[len(text)-n:]; utf8.RuneStart(last[0]) && !utf8.FullRune(last) {
			return n
		}
	}
	return 0
}
