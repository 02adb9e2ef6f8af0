package vm

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"
)

// diskIdentity says which disk a file is: by the random id of our label on it, and where
// there is none by its inode and when that was made. A copy that takes the disk's
// place has another. The error is fs.ErrNotExist when there is no file.
func diskIdentity(path string) (string, error) {
	label, err := readLabel(path)
	switch {
	case err == nil && label != nil && label.Disk != "":
		return "label " + label.Disk, nil
	case err != nil && !errors.Is(err, errors.ErrUnsupported):
		return "", err
	}
	var stat unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_INO|unix.STATX_BTIME, &stat); err != nil {
		return "", &fs.PathError{Op: "statx", Path: path, Err: err}
	}
	return fmt.Sprintf("inode %d of %d.%09d", stat.Ino, stat.Btime.Sec, stat.Btime.Nsec), nil
}
