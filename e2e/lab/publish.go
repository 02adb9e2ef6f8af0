package lab

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Publish makes a file of this machine available to the lab under a name at
// http://artifacts.example.net/name, and tells its SHA-256 in hexadecimal.
// A name that is there already is replaced.
func (l *Lab) Publish(name, file string) (url, sha256 string, err error) {
	if filepath.Base(name) != name {
		return "", "", &fs.PathError{Op: "publish", Path: name, Err: fs.ErrInvalid}
	}
	if sha256, err = digest(file); err != nil {
		return "", "", err
	}
	if err := show(file, l.path("www", name)); err != nil {
		return "", "", err
	}
	return "http://artifacts.example.net/" + name, sha256, nil
}

// publishAll makes the files of a directory available below
// http://artifacts.example.net/name/.
func (l *Lab) publishAll(name, dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(l.path("www", name), 0o755); err != nil {
		return err
	}
	for _, file := range files {
		if err := show(filepath.Join(dir, file.Name()), l.path("www", name, file.Name())); err != nil {
			return err
		}
	}
	return nil
}

// show puts a file in a place of the web server's.
func show(file, to string) error {
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// A link costs nothing; another file system needs a copy.
	if err := os.Link(file, to); err != nil {
		return installFile(file, to, 0o644)
	}
	return nil
}
