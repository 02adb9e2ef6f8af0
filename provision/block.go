package provision

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"al.essio.dev/pkg/shellescape"
	"github.com/google/renameio/v2"

	"wiabctl/provision/change"
)

// block is a part of a text file that belongs to us, between two marker lines. The
// rest of the file is somebody else's and stays as it is, to the byte.
type block struct {
	File  string
	Lines []string
	Why   string
}

const (
	blockBegin = "# wiabctl: begin; what stands between here and the end is rewritten by wiabctl"
	blockEnd   = "# wiabctl: end"
)

// plan returns the change that brings the block into the file.
func (b block) plan() ([]change.Change, error) {
	have, err := b.read()
	if err != nil {
		return nil, err
	}
	want, err := b.within(have)
	if err != nil || bytes.Equal(have, want) {
		return nil, err
	}
	verb := change.Create
	if _, _, there := cutAt(string(have), blockBegin); there {
		verb = change.Update
	}
	return []change.Change{{Verb: verb, Subject: "our block in " + b.File, Reason: b.Why, Apply: b.write}}, nil
}

// remove returns the change that takes the block out again.
func (b block) remove() ([]change.Change, error) {
	have, err := b.read()
	if err != nil {
		return nil, err
	}
	if _, _, there := cutAt(string(have), blockBegin); !there {
		return nil, nil
	}
	gone := block{File: b.File}
	return []change.Change{{Verb: change.Delete, Subject: "our block in " + b.File, Reason: "wiabctl made it", Apply: gone.write}}, nil
}

// read returns the file's content; a file that is not there is empty.
func (b block) read() ([]byte, error) {
	have, err := os.ReadFile(b.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return have, err
}

// write reads the file again, for somebody may have edited it since the plan.
func (b block) write(context.Context, change.Progress) error {
	have, err := b.read()
	if err != nil {
		return err
	}
	want, err := b.within(have)
	if err != nil {
		return err
	}
	if err := renameio.WriteFile(b.File, want, 0o644, renameio.WithExistingPermissions()); err != nil {
		return fmt.Errorf("write %s: %w", b.File, err)
	}
	return nil
}

// within is the content with the block's lines in the place of an earlier block,
// else at the end; without lines the block goes. A block that has lost its end is
// refused: what stands behind it may be somebody else's.
func (b block) within(content []byte) ([]byte, error) {
	before, rest, found := cutAt(string(content), blockBegin)
	after := ""
	if found {
		var closed bool
		if _, after, closed = cutAt(rest, blockEnd); !closed {
			return nil, BlockBroken.Failf("%s: the line %q is there and the line %q is not", b.File, blockBegin, blockEnd).By("sudoedit " + shellescape.Quote(b.File))
		}
	}
	if len(b.Lines) == 0 {
		return []byte(before + after), nil
	}
	if before != "" && !strings.HasSuffix(before, "\n") {
		before += "\n"
	}
	return []byte(before + blockBegin + "\n" + strings.Join(b.Lines, "\n") + "\n" + blockEnd + "\n" + after), nil
}

// cutAt is the text before and after its first line that is this one, whole.
func cutAt(text, line string) (before, after string, found bool) {
	at := 0
	for next := range strings.Lines(text) {
		if strings.TrimSuffix(next, "\n") == line {
			return text[:at], text[at+len(next):], true
		}
		at += len(next)
	}
	return text, "", false
}
