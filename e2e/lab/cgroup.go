package lab

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// removeControlGroups removes the groups whose names begin so from every hierarchy;
// machine.sh made them.
func removeControlGroups(prefix string) error {
	var errs []error
	for _, group := range findGroups("/sys/fs/cgroup", prefix) {
		errs = append(errs, removeGroup(group))
	}
	return errors.Join(errs...)
}

// findGroups finds the groups below root whose names begin with the prefix.
func findGroups(root, prefix string) []string {
	var found []string
	// Groups of others come and go while we look.
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return nil //nolint:nilerr // what has gone needs no removal
		}
		if strings.HasPrefix(d.Name(), prefix) {
			found = append(found, path)
			return fs.SkipDir
		}
		return nil
	})
	return found
}

// removeGroup removes a group and those below it, the innermost first. The
// kernel needs a moment after the last process has ended.
func removeGroup(group string) error {
	var dirs []string
	err := filepath.WalkDir(group, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			dirs = append(dirs, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, d := range slices.Backward(dirs) {
		err := os.Remove(d)
		tick := time.NewTicker(20 * time.Millisecond)
		for range 100 {
			if err == nil {
				break
			}
			<-tick.C
			err = os.Remove(d)
		}
		tick.Stop()
		if err != nil {
			return err
		}
	}
	return nil
}
