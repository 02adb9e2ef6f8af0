package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/pkg/sftp"

	"wiabctl/provision/change"
)

// Upload puts a file in place whole, of whatever size: it is written beside its name
// with its mode first, compared by its digest, and then renamed over it. Directories on
// the way are made. The name is relative to the deploy directory. When ctx ends, or
// content cannot be read, nothing is left.
func (a *Admin) Upload(ctx context.Context, name string, content io.Reader, mode fs.FileMode) (err error) {
	end := change.Trace(ctx, "upload", "file", name, "mode", mode.String())
	defer func() { end(err) }()
	client, err := a.connect(ctx)
	if err != nil {
		return err
	}
	files, err := client.bulk()
	if err != nil {
		return err
	}
	final := a.path(name)
	part := final + ".wiabctl"
	if err := client.put(ctx, files, part, content, mode); err != nil {
		return fmt.Errorf("write %s on the admin host: %w", name, noRoom(files, path.Dir(part), err))
	}
	if err := files.PosixRename(part, final); err != nil {
		return errors.Join(fmt.Errorf("put %s in place on the admin host: %w", name, err), files.Remove(part))
	}
	return nil
}

func (c *Client) put(ctx context.Context, files *sftp.Client, part string, content io.Reader, mode fs.FileMode) error {
	if err := files.MkdirAll(path.Dir(part)); err != nil {
		return err
	}
	if mode&0o077 == 0 {
		if err := c.closed(ctx, part); err != nil {
			return err
		}
	}
	f, err := files.Create(part)
	if err != nil {
		return err
	}
	sent := sha256.New()
	err = f.Chmod(mode) // before the content
	if err == nil {
		err = fill(ctx, f, files, io.TeeReader(content, sent))
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = c.arrived(ctx, part, sent.Sum(nil))
	}
	if err != nil {
		return errors.Join(err, files.Remove(part))
	}
	return nil
}

// closed makes an empty file that its owner alone could ever open. SFTP would make it with the
// mode that everybody's files get there, and whoever opened it then could read what comes into
// it later; so could who opened the one that an interrupted upload left.
func (c *Client) closed(ctx context.Context, file string) error {
	_, err := c.Run(ctx, "install", "--mode=0600", "/dev/null", file)
	return err
}

// arrived demands the digest of what is on the disk there.
func (c *Client) arrived(ctx context.Context, file string, want []byte) error {
	said, err := c.Run(ctx, "sha256sum", "--binary", file)
	if err == nil && !strings.HasPrefix(string(said), hex.EncodeToString(want)+" ") {
		err = fmt.Errorf("what arrived differs from what was sent: sha256 %.64s, want %x", said, want)
	}
	return err
}

// noRoom is err, told as a full disk where that is the reason: SFTP only says that it failed.
func noRoom(files *sftp.Client, dir string, err error) error {
	disk, asked := files.StatVFS(dir)
	if asked != nil || disk.FreeSpace() >= roomNeeded {
		return err
	}
	return DiskFull.Failf("the disk of %s is full, %d bytes are free: %w", dir, disk.FreeSpace(), err)
}

// roomNeeded is how much a disk has free, in bytes, on which a write fails for another reason.
const roomNeeded = 64 << 10

const (
	// inFlight is how many pieces of a file are on their way at a time: the next ones
	// leave while the first are acknowledged.
	inFlight = 64
	// largest is the size of the pieces, in bytes, for servers that tell their limits:
	// those are OpenSSH's, which take so much (SFTP_MAX_MSG_LENGTH less 1024, since 8.5).
	// Any server takes an eighth of it.
	largest = 255 << 10
)

// openBulk is files where the server does not tell that it takes larger pieces.
func (c *Client) openBulk() (*sftp.Client, error) {
	files, err := c.files()
	if err != nil {
		return nil, err
	}
	if _, tells := files.HasExtension("limits@openssh.com"); !tells {
		return files, nil
	}
	return sftp.NewClient(c.ssh, sftp.MaxPacketUnchecked(largest))
}

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
