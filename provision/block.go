package provision

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

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
	have, err := os.ReadFile(b.File)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	want := withBlock(have, b.Lines)
	if bytes.Equal(have, want) {
		return nil, nil
	}
	verb := change.Create
	if bytes.Contains(have, []byte(blockBegin)) {
		verb = change.Update
	}
	return []change.Change{{Verb: verb, Subject: "our block in " + b.File, Reason: b.Why, Apply: b.write}}, nil
}

// remove returns the change that takes the block out again.
func (b block) remove() ([]change.Change, error) {
	have, err := os.ReadFile(b.File)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !bytes.Contains(have, []byte(blockBegin)) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	gone := block{File: b.File}
	return []change.Change{{Verb: change.Delete, Subject: "our block in " + b.File, Reason: "wiabctl made it", Apply: gone.write}}, nil
}

// write reads the file again, for somebody may have edited it since the plan.
func (b block) write(context.Context, change.Progress) error {
	have, err := os.ReadFile(b.File)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := renameio.WriteFile(b.File, withBlock(have, b.Lines), 0o644, renameio.WithExistingPermissions()); err != nil {
		return fmt.Errorf("write %s: %w", b.File, err)
	}
	return nil
}

// withBlock is the content with the block's lines in the place of an earlier
// block, else at the end; without lines the block goes.
func withBlock(content []byte, lines []string) []byte {
	before, rest, found := strings.Cut(string(content), blockBegin+"\n")
	after := ""
	if found {
		_, after, _ = strings.Cut(rest, blockEnd+"\n")
	}
	if len(lines) == 0 {
		return []byte(before + after)
	}
	if before != "" && !strings.HasSuffix(before, "\n") {
		before += "\n"
	}
	return []byte(before + blockBegin + "\n" + strings.Join(lines, "\n") + "\n" + blockEnd + "\n" + after)
}
