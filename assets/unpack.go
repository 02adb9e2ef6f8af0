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

	"wiabctl/provision/change"
)

// unpack fills the directory dir from a .tgz. It ends well only if the archive
// was read to its last byte and held nothing unsafe.
func unpack(ctx context.Context, archive, dir string, uid, gid int, say change.Progress) error {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
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
	source := &watched{from: until{ctx, file}, meter: meter{what: "unpack artifact", total: info.Size(), say: say}}
	err = target.fill(source)
	if ctx.Err() != nil {
		return fmt.Errorf("unpack %s: %w", archive, context.Cause(ctx))
	}
	return classify(archive, dir, err)
}

// fill adds every member of a .tgz.
func (t *tree) fill(compressed io.Reader) error {
	plain, err := gzip.NewReader(bufio.NewReaderSize(compressed, 1<<20))
	if err != nil {
		return &corrupt{err}
	}
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

// watched is the archive being read: it tells how far it is.
type watched struct {
	from  io.Reader
	have  int64
	meter meter
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.from.Read(p)
	w.have += int64(n)
	w.meter.at(w.have)
	return n, err
}

// classify gives an error of unpacking the kind that the user knows it by.
func classify(archive, dir string, err error) error {
	var (
		hostile *unsafe
		broken  *corrupt
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &hostile):
		return ArtifactUnsafe.Failf("%s: %w", archive, err)
	case errors.Is(err, errFull), full(err):
		return NoSpace.Failf("%s does not fit into %s: %w", archive, dir, err)
	case errors.As(err, &broken):
		return ArtifactCorrupt.Failf("%s is not a whole .tgz: %w", archive, err)
	default:
		return fmt.Errorf("unpack %s: %w", archive, err)
	}
}
