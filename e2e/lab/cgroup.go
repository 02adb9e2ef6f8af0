package lab

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// removeControlGroups removes the lab's groups from every hierarchy; host.sh
// made them.
func (l *Lab) removeControlGroups() error {
	var errs []error
	for _, group := range findGroups("/sys/fs/cgroup", l.name()) {
		errs = append(errs, removeGroup(group))
	}
	return errors.Join(errs...)
}

// findGroups finds the groups of a name below root.
func findGroups(root, name string) []string {
	var found []string
	// Groups of others come and go while we look.
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return nil //nolint:nilerr // what has gone needs no removal
		}
		if d.Name() == name {
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
