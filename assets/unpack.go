package assets

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/readahead"

	"wiabctl/provision/change"
)

// unpack fills the directory dir from a .tgz of so many bytes. It ends well only if the
// archive was read to its last byte and held nothing unsafe.
func unpack(ctx context.Context, archive io.Reader, total func() int64, dir string, uid, gid int, say change.Progress) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	left, err := room(dir)
	if err != nil {
		return err
	}
	target := &tree{root: root, uid: uid, gid: gid, links: map[string]bool{}, left: left}
	if err := target.own("."); err != nil {
		return err
	}
	source := &watched{from: until{ctx, archive}, total: total, meter: meter{what: "unpack artifact", say: say}}
	err = target.fill(source)
	if source.err != nil {
		return source.err // what it led to does not matter
	}
	return classify(dir, err)
}

const (
	// ahead is how far the archive is unzipped before its files are written, in blocks.
	ahead = 4
	// zipped is how much of the archive is read at once, in bytes.
	zipped = 256 << 10
)

// fill adds every member of a .tgz.
func (t *tree) fill(compressed io.Reader) error {
	unzipped, err := gzip.NewReader(bufio.NewReaderSize(compressed, zipped))
	if err != nil {
		return &corrupt{err}
	}
	// Another core unzips while this one writes.
	plain, err := readahead.NewReaderSize(unzipped, ahead, block)
	if err != nil {
		return err
	}
	defer plain.Close()
	members := tar.NewReader(readable{plain})
	for {
		header, err := members.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return tarError(err)
		}
		if header.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		if err := t.add(header, members); err != nil {
			return err
		}
	}
	// What follows the last member is padding, but the checksum comes after it.
	_, err = io.Copy(io.Discard, readable{plain})
	return err
}

// sound reads a .gz to its end, and keeps nothing.
func sound(ctx context.Context, archive io.Reader, total func() int64) error {
	source := &watched{from: until{ctx, archive}, total: total}
	unzipped, err := gzip.NewReader(bufio.NewReaderSize(source, zipped))
	if err == nil {
		_, err = io.Copy(io.Discard, unzipped)
	}
	if source.err != nil || err == nil {
		return source.err
	}
	return ArtifactCorrupt.Failf("the artifact is not a whole .tgz: %w", err)
}

// corrupt is an archive that can't be read.
type corrupt struct{ error }

func (c *corrupt) Unwrap() error { return c.error }

// readable marks the errors of reading, which io.Copy mixes with those of writing.
type readable struct{ from io.Reader }

func (r readable) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if err != nil && err != io.EOF {
		err = &corrupt{err}
	}
	return n, err
}

// tarError marks what the tar reader itself finds wrong.
func tarError(err error) error {
	if errors.Is(err, tar.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &corrupt{err}
	}
	return err
}

// until reads as long as ctx lasts.
type until struct {
	ctx  context.Context // a Reader has no other way to hear of the end
	from io.Reader
}

func (u until) Read(p []byte) (int, error) {
	if u.ctx.Err() != nil {
		return 0, context.Cause(u.ctx)
	}
	return u.from.Read(p)
}

// watched is the archive being read: it tells how far it is, and remembers why it could
// not be read.
type watched struct {
	from  io.Reader
	total func() int64
	have  int64
	meter meter
	err   error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.from.Read(p)
	if err != nil && err != io.EOF {
		w.err = err
	}
	w.have += int64(n)
	w.meter.total = w.total()
	w.meter.at(w.have)
	return n, err
}

// classify gives an error of unpacking the kind that the user knows it by.
func classify(dir string, err error) error {
	var (
		hostile *unsafe
		broken  *corrupt
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &hostile):
		return ArtifactUnsafe.Failf("the artifact: %w", err)
	case errors.Is(err, errFull), full(err):
		return NoSpace.Failf("the artifact does not fit into %s: %w", dir, err)
	case errors.As(err, &broken):
		return ArtifactCorrupt.Failf("the artifact is not a whole .tgz: %w", err)
	default:
		return fmt.Errorf("unpack the artifact into %s: %w", dir, err)
	}
}
