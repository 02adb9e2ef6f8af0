package provision

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/google/renameio/v2"
)

// replaceFile writes a file whole, with a mode as renameio is told, 0600 else. One that is there keeps its owner, a link to
// one stays a link; what is no file, such as /dev/null, is refused: a rename would put a file in its place.
func replaceFile(file string, content []byte, mode ...renameio.Option) error {
	if there, err := filepath.EvalSymlinks(file); err == nil {
		file = there
	}
	before, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case !before.Mode().IsRegular():
		return fmt.Errorf("%s is no regular file", file)
	}
	pending, err := renameio.NewPendingFile(file, mode...)
	if err != nil {
		return err
	}
	defer func() { _ = pending.Cleanup() }()
	if _, err := pending.Write(content); err != nil {
		return err
	}
	if before != nil {
		if owner, ok := before.Sys().(*syscall.Stat_t); ok {
			if err := pending.Chown(int(owner.Uid), int(owner.Gid)); err != nil {
				return err
			}
		}
	}
	return pending.CloseAtomicallyReplace()
}
