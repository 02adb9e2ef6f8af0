package artifact

import (
	"archive/tar"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// epoch is the time of every file, so that equal content gives equal archives.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// bundle writes a tar archive whose bytes depend on nothing but its content. The
// first error sticks; close reports it.
type bundle struct {
	archive *tar.Writer
	err     error
}

func newBundle(w io.Writer) *bundle { return &bundle{archive: tar.NewWriter(w)} }

// close ends the archive.
func (b *bundle) close() error { return errors.Join(b.err, b.archive.Close()) }

// header starts a member.
func (b *bundle) header(h *tar.Header) {
	if b.err != nil {
		return
	}
	h.ModTime = epoch
	h.Format = tar.FormatPAX
	b.err = b.archive.WriteHeader(h)
}

func (b *bundle) dir(name string) {
	b.header(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755})
}

func (b *bundle) link(name, target string) {
	b.header(&tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777})
}

func (b *bundle) text(name, content string) {
	b.header(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))})
	if b.err == nil {
		_, b.err = io.WriteString(b.archive, content)
	}
}

// file adds a file from the disk; only its executable bit is kept.
func (b *bundle) file(name, path string) {
	if b.err != nil {
		return
	}
	f, err := os.Open(path)
	if err != nil {
		b.err = err
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		b.err = err
		return
	}
	mode := int64(0o644)
	if info.Mode()&0o100 != 0 {
		mode = 0o755
	}
	b.header(&tar.Header{Name: name, Mode: mode, Size: info.Size()})
	if b.err == nil {
		_, b.err = io.Copy(b.archive, f)
	}
}

// tree adds all directories and files below root, in lexical order.
func (b *bundle) tree(root string) {
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			b.dir(name)
		} else {
			b.file(name, path)
		}
		return b.err
	})
	b.err = errors.Join(b.err, err)
}

// writeBundle makes the file path an archive of what fill adds.
func writeBundle(path string, fill func(*bundle)) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	b := newBundle(f)
	fill(b)
	return errors.Join(b.close(), f.Close())
}
