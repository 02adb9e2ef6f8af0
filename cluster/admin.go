package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sync"

	"github.com/pkg/sftp"

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

	mu     sync.Mutex
	client *Client
}

// connect returns the living connection, dialling when there is none.
func (a *Admin) connect(ctx context.Context) (*Client, error) {
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

func (a *Admin) sftp(ctx context.Context) (*sftp.Client, error) {
	client, err := a.connect(ctx)
	if err != nil {
		return nil, err
	}
	return client.files()
}

// path gives the absolute path of a file named relative to the deploy directory.
func (a *Admin) path(name string) string { return path.Join(a.Dir, name) }

// Read returns a file's content; the name is relative to the deploy directory. A
// file that is not there is fs.ErrNotExist, and so is every file while there is
// nobody to log in as.
func (a *Admin) Read(ctx context.Context, name string) ([]byte, error) {
	files, err := a.sftp(ctx)
	if errors.Is(err, change.ErrNotInstalled) {
		return nil, fs.ErrNotExist
	}
	if err != nil {
		return nil, err
	}
	f, err := files.Open(a.path(name))
	if err != nil {
		return nil, fmt.Errorf("read %s on the admin host: %w", name, err)
	}
	defer f.Close()
	var content bytes.Buffer
	if _, err := f.WriteTo(&content); err != nil {
		return nil, fmt.Errorf("read %s on the admin host: %w", name, err)
	}
	return content.Bytes(), nil
}

// stat is Read with the file's permissions.
func (a *Admin) stat(ctx context.Context, name string) ([]byte, fs.FileMode, error) {
	content, err := a.Read(ctx, name)
	if err != nil {
		return nil, 0, err
	}
	files, err := a.sftp(ctx)
	if err != nil {
		return nil, 0, err
	}
	info, err := files.Stat(a.path(name))
	if err != nil {
		return nil, 0, fmt.Errorf("look at %s on the admin host: %w", name, err)
	}
	return content, info.Mode().Perm(), nil
}

// Write is Upload of what is in memory.
func (a *Admin) Write(ctx context.Context, name string, content []byte, mode fs.FileMode) error {
	return a.Upload(ctx, name, bytes.NewReader(content), mode)
}

// remove deletes a file; that it is not there is success.
func (a *Admin) remove(ctx context.Context, name string) error {
	files, err := a.sftp(ctx)
	if err != nil {
		return err
	}
	if err := files.Remove(a.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove %s on the admin host: %w", name, err)
	}
	return nil
}
