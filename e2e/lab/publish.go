package lab

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"wiabctl/e2e/artifact"
)

// Published is a file on the lab's web server.
type Published struct {
	Hash   string // of an artifact; upstream uses the commit
	URL    string
	SHA256 string
}

// PublishRelease builds the miniature artifact of another release than the one that the
// lab is configured with, and publishes it.
func (l *Lab) PublishRelease(ctx context.Context, release string) (Published, error) {
	kubebox, err := l.kubebox(ctx)
	if err != nil {
		return Published{}, err
	}
	archive, err := artifact.Build(ctx, kubebox, release)
	if err != nil {
		return Published{}, err
	}
	return l.publishArtifact(archive)
}

func (l *Lab) publishArtifact(archive string) (p Published, err error) {
	if p.Hash, err = artifact.Hash(archive); err != nil {
		return p, err
	}
	p.URL, p.SHA256, err = l.Publish(filepath.Base(archive), archive)
	return p, err
}

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
