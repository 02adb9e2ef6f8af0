package provision

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	// collecting is the longest that one piece of evidence may take.
	collecting = 20 * time.Second
	// keptEvidence are the bytes that are kept of one, its end.
	keptEvidence = 2 << 20
)

// evidence is something that tells how the host or the installation is.
type evidence struct {
	Name   string        // its path in the archive
	Within time.Duration // the longest that it may take; zero: collecting
	// Collect returns what it is. With an error there may be a part of it.
	Collect func(ctx context.Context) ([]byte, error)
}

// collect returns within the time, also where the collecting itself does not end.
func (e evidence) collect(ctx context.Context) ([]byte, error) {
	most := e.Within
	if most == 0 {
		most = collecting
	}
	ctx, cancel := context.WithTimeoutCause(ctx, most, fmt.Errorf("nothing came within %s", most))
	defer cancel()
	type outcome struct {
		content []byte
		err     error
	}
	done := make(chan outcome, 1)
	go func() {
		content, err := e.Collect(ctx)
		done <- outcome{content, err}
	}()
	select {
	case o := <-done:
		return o.content, o.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// commandEvidence is what a program of the host says, also if it fails.
func commandEvidence(name string, argv ...string) evidence {
	return evidence{Name: name, Collect: func(ctx context.Context) ([]byte, error) {
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Env = append(os.Environ(), "LC_ALL=C", "SYSTEMD_PAGER=", "SYSTEMD_COLORS=0")
		cmd.WaitDelay = time.Second
		var out, complaint bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &complaint
		err := cmd.Run()
		if err != nil {
			err = fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, tail(complaint.String()))
		}
		return out.Bytes(), err
	}}
}

// fileEvidence is a file of the host, or its end.
func fileEvidence(name, path string) evidence {
	return evidence{Name: name, Collect: func(context.Context) ([]byte, error) { return fileEnd(path) }}
}

// fileEnd reads the end of a file; what is no regular file could go on for ever.
func fileEnd(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	cut := info.Size() > keptEvidence // files of /proc say that they have no size
	if cut {
		if _, err := file.Seek(-keptEvidence, io.SeekEnd); err != nil {
			return nil, err
		}
	}
	text, err := io.ReadAll(io.LimitReader(file, keptEvidence))
	if cut {
		text = afterFirstLine(text)
	}
	return text, err
}

// afterFirstLine is what is left of a text whose beginning was cut off: half a secret is not recognised.
func afterFirstLine(text []byte) []byte {
	_, rest, _ := bytes.Cut(text, []byte("\n"))
	return rest
}

// lastLines are the last lines of a text, not more than these bytes of them.
func lastLines(text []byte, most int) []byte {
	if len(text) <= most {
		return text
	}
	return afterFirstLine(text[len(text)-most:])
}

// filesEvidence are all files that a pattern matches, each by itself below a directory of the archive. That there are
// none is nothing to tell.
func filesEvidence(dir, pattern string) (all []evidence) {
	paths, _ := filepath.Glob(pattern) // the pattern is ours
	for _, path := range paths {
		all = append(all, fileEvidence(dir+"/"+filepath.Base(path), path))
	}
	return all
}

// listing tells which files are at and below a directory, with sizes, modes and times, and nothing of what is in them.
func listing(name, dir string) evidence {
	return evidence{Name: name, Collect: func(ctx context.Context) ([]byte, error) {
		var text bytes.Buffer
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := entry.Info()
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err == nil {
				fmt.Fprintf(&text, "%s %12d %s %s\n", info.Mode(), info.Size(), info.ModTime().UTC().Format(time.RFC3339), path)
			}
			return errors.Join(err, context.Cause(ctx))
		})
		return text.Bytes(), err
	}}
}
