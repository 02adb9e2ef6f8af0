package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"

	"github.com/pkg/sftp"
)

// Upload puts a file in place whole, of whatever size: it is written beside its name
// with its mode first and then renamed over it. Directories on the way are made. The
// name is relative to the deploy directory. When ctx ends, or content cannot be read,
// nothing is left.
func (a *Admin) Upload(ctx context.Context, name string, content io.Reader, mode fs.FileMode) error {
	files, err := a.sftp(ctx)
	if err != nil {
		return err
	}
	final := a.path(name)
	part := final + ".wiabctl"
	if err := put(ctx, files, part, content, mode); err != nil {
		return fmt.Errorf("write %s on the admin host: %w", name, err)
	}
	if err := files.PosixRename(part, final); err != nil {
		return errors.Join(fmt.Errorf("put %s in place on the admin host: %w", name, err), files.Remove(part))
	}
	return nil
}

func put(ctx context.Context, files *sftp.Client, part string, content io.Reader, mode fs.FileMode) error {
	if err := files.MkdirAll(path.Dir(part)); err != nil {
		return err
	}
	f, err := files.Create(part)
	if err != nil {
		return err
	}
	// The mode comes before the content, so that nobody can read a secret on its way.
	err = f.Chmod(mode)
	if err == nil {
		err = fill(ctx, f, files, content)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, files.Remove(part))
	}
	return nil
}

// inFlight is how many pieces of a file are on their way at a time: the next ones leave
// while the first are acknowledged.
const inFlight = 64

// fill writes the content, to the disk where the server can do that.
func fill(ctx context.Context, f *sftp.File, files *sftp.Client, content io.Reader) error {
	if _, err := f.ReadFromWithConcurrency(whileAlive{ctx, content}, inFlight); err != nil {
		return err
	}
	if _, can := files.HasExtension("fsync@openssh.com"); can {
		return f.Sync()
	}
	return nil
}

// whileAlive is a reader that ends with its context.
type whileAlive struct {
	ctx context.Context
	io.Reader
}

func (r whileAlive) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.Reader.Read(p)
}
