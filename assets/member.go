package assets

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"
)

// memberPath is the place of an archive's member below the directory that it is
// unpacked to: relative, without "..", in its shortest form; "." is that
// directory itself.
func memberPath(name string) (string, error) {
	switch {
	case name == "":
		return "", errors.New("has no name")
	case strings.ContainsAny(name, "\x00\\\n"):
		return "", errors.New("has a name with a NUL, a backslash or a line break")
	case path.IsAbs(name):
		return "", errors.New("has an absolute path")
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", errors.New(`has ".." in its path`)
		}
	}
	return path.Clean(name), nil
}

// symlinkTarget tells whether a symbolic link at the place (from memberPath) may
// have the target: relative, in its shortest form, and not above the tree.
//
// With ".." only in front, and no link among the directories above the place
// (tree.parents sees to that), following it can only go up real directories and
// then down: no chain of such links leads out of the tree.
func symlinkTarget(place, target string) error {
	switch {
	case target == "" || strings.ContainsAny(target, "\x00\n"):
		return errors.New("is a link to nowhere")
	case path.IsAbs(target):
		return fmt.Errorf("is a link to the absolute path %s", target)
	case path.Clean(target) != strings.TrimSuffix(target, "/"):
		return fmt.Errorf("is a link to %s, which goes down and up again", target)
	case !filepath.IsLocal(path.Join(path.Dir(place), target)):
		return fmt.Errorf("is a link to %s, outside the archive", target)
	}
	return nil
}
