package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"

	"github.com/pkg/sftp"
	"golang.org/x/sync/singleflight"

	"wiabctl/provision/change"
)

// Admin is the admin host: the machine that holds the deploy directory and runs
// the tools container (contract section 1). One connection serves a whole run and
// is made anew when it breaks.
type Admin struct {
	// Target tells how to reach it. It returns change.ErrNotInstalled while there
	// is nobody to log in as.
	Target func() (Target, error)
	User   string // the deploy user
	Dir    string // the deploy directory, absolute

	// Redact returns what takes secrets out of the lines that people get to see of what
	// jobs say; nil, or a nil Replacer: nothing is known to be secret.
	Redact func() *strings.Replacer

	mu      sync.Mutex
	client  *Client
	dialing singleflight.Group
}

// connect returns the living connection, dialling when there is none. All who ask
// meanwhile wait for the one attempt, so that a host that does not answer costs its
// deadline once.
func (a *Admin) connect(ctx context.Context) (*Client, error) {
	dialled := a.dialing.DoChan("", func() (any, error) { return a.dial(context.WithoutCancel(ctx)) })
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case d := <-dialled:
		if d.Err != nil {
			return nil, d.Err
		}
		return d.Val.(*Client), nil
	}
}

// dial returns the connection, a new one if there is none that lives.
func (a *Admin) dial(ctx context.Context) (*Client, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.client != nil && a.client.Alive() {
		return a.client, nil
	}
	target, err := a.Target()
	if err != nil {
		return nil, err
	}
	client, err := target.Dial(ctx)
	if err != nil {
		return nil, err
	}
	a.client = client
	return client, nil
}

// Close ends the connection, if there is one.
func (a *Admin) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.client == nil {
		return nil
	}
	return a.client.Close()
}

// Run executes a program on the admin host, as the deploy user.
func (a *Admin) Run(ctx context.Context, argv ...string) ([]byte, error) {
	client, err := a.connect(ctx)
	if err != nil {
		return nil, err
	}
	return client.Run(ctx, argv...)
}

// feed is Run with a standard input.
func (a *Admin) feed(ctx context.Context, in io.Reader, argv ...string) ([]byte, error) {
	client, err := a.connect(ctx)
	if err != nil {
		return nil, err
	}
	return client.Feed(ctx, in, argv...)
}

// files does something with the admin host's files, as the deploy user. SFTP knows no
// context: when ctx ends the connection is closed, and the next use makes a new one.
func (a *Admin) files(ctx context.Context, do func(*sftp.Client) error) error {
	client, err := a.connect(ctx)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { client.Close() })
	defer stop()
	files, err := client.files()
	if err == nil {
		err = do(files)
	}
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// path gives the absolute path of a file named relative to the deploy directory.
func (a *Admin) path(name string) string { return path.Join(a.Dir, name) }

// Read returns a file's content; the name is relative to the deploy directory. A
// file that is not there is fs.ErrNotExist, and so is every file while there is
// nobody to log in as.
func (a *Admin) Read(ctx context.Context, name string) ([]byte, error) {
	content, _, err := a.stat(ctx, name)
	return content, err
}

// readAny is Read of a file that may be root's alone, as the tools container leaves them.
func (a *Admin) readAny(ctx context.Context, name string) ([]byte, error) {
	content, err := a.Read(ctx, name)
	if !errors.Is(err, fs.ErrPermission) {
		return content, err
	}
	return a.Run(ctx, "sudo", "cat", a.path(name))
}

// stat is Read with the file's permissions.
func (a *Admin) stat(ctx context.Context, name string) (content []byte, mode fs.FileMode, err error) {
	end := change.Trace(ctx, "read", "file", name)
	defer func() { end(err) }()
	err = a.files(ctx, func(files *sftp.Client) error {
		content, mode, err = readFile(files, a.path(name))
		return err
	})
	if errors.Is(err, change.ErrNotInstalled) {
		return nil, 0, fs.ErrNotExist
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read %s on the admin host: %w", name, err)
	}
	return content, mode, nil
}

// existing are those of the files that are there.
func (a *Admin) existing(ctx context.Context, names ...string) (there []string, err error) {
	err = a.files(ctx, func(files *sftp.Client) error {
		there = nil
		for _, name := range names {
			_, err := files.Stat(a.path(name))
			if err == nil {
				there = append(there, name)
			} else if !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("look for %s on the admin host: %w", name, err)
			}
		}
		return nil
	})
	return there, err
}

func readFile(files *sftp.Client, file string) ([]byte, fs.FileMode, error) {
	f, err := files.Open(file)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	var content bytes.Buffer
	_, err = f.WriteTo(&content)
	return content.Bytes(), info.Mode().Perm(), err
}

// Write is Upload of what is in memory. A file that has this content and mode already is
// left as it is.
func (a *Admin) Write(ctx context.Context, name string, content []byte, mode fs.FileMode) error {
	if have, as, err := a.stat(ctx, name); err == nil && as == mode && bytes.Equal(have, content) {
		return nil
	}
	return a.Upload(ctx, name, bytes.NewReader(content), mode)
}

// remove deletes a file; that it is not there is success.
func (a *Admin) remove(ctx context.Context, name string) error {
	err := a.files(ctx, func(files *sftp.Client) error { return files.Remove(a.path(name)) })
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove %s on the admin host: %w", name, err)
	}
	return nil
}

// rename gives a file another name, in place of what had it.
func (a *Admin) rename(ctx context.Context, from, to string) error {
	err := a.files(ctx, func(files *sftp.Client) error { return files.PosixRename(a.path(from), a.path(to)) })
	if err != nil {
		return fmt.Errorf("rename %s on the admin host: %w", from, err)
	}
	return nil
}
