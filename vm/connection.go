package vm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/digitalocean/go-libvirt"

	"wiabctl/provision/change"
)

// Connection is one connection to the host's libvirt daemon, made when first
// needed and made again after it was lost. It is shared by all who use libvirt.
type Connection struct {
	Sockets []string      // tried in order
	Timeout time.Duration // the longest one Use may take

	mu   sync.Mutex
	virt *libvirt.Libvirt
	line *line

	audience audience
}

// NewConnection is a connection to the system daemon: libvirtd, or virtqemud
// where libvirt's daemons are split. One Use may take 60 seconds, since starting
// a domain on a busy host takes long.
func NewConnection() *Connection {
	return &Connection{
		Sockets: []string{"/run/libvirt/libvirt-sock", "/run/libvirt/virtqemud-sock"},
		Timeout: time.Minute,
	}
}

// patience is how long a call under way may go on after its context ended: a
// healthy daemon answers sooner, and others share the connection.
const patience = 5 * time.Second

// Use runs a few calls on the connection. libvirt's calls know no context, so
// when ctx has ended, or Timeout has passed, and they do not return within
// seconds, the connection is closed under them; the next Use makes a new one.
// The error is change.ErrNotInstalled when there is no libvirt on this host, a
// Failure of kind Unreachable when it does not answer.
func (c *Connection) Use(ctx context.Context, do func(*libvirt.Libvirt) error) error {
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("asking libvirt: %w", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.Timeout, Unreachable.Failf("libvirt did not answer within %s", c.Timeout))
	defer cancel()
	virt, at, err := c.open(ctx)
	if err != nil {
		return err
	}
	done := make(chan struct{})
	defer close(done)
	context.AfterFunc(ctx, func() {
		select {
		case <-done:
		case <-time.After(patience):
			at.hangUp()
		}
	})
	if err := do(virt); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("asking libvirt: %w", context.Cause(ctx))
		}
		return err
	}
	return nil
}

// Close ends the connection; a later Use makes a new one.
func (c *Connection) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.virt == nil || !c.virt.IsConnected() {
		return nil
	}
	stop := time.AfterFunc(time.Second, c.line.hangUp)
	defer stop.Stop()
	return c.virt.Disconnect()
}

// open returns the live connection, making it if needed.
func (c *Connection) open(ctx context.Context) (*libvirt.Libvirt, *line, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.virt != nil && c.virt.IsConnected() && !c.line.dead.Load() {
		return c.virt, c.line, nil
	}
	conn, err := c.dial(ctx)
	if err != nil {
		return nil, nil, err
	}
	at := &line{conn: conn}
	stop := context.AfterFunc(ctx, at.hangUp)
	defer stop()
	virt := libvirt.NewWithDialer(at)
	if err := virt.ConnectToURI(libvirt.QEMUSystem); err != nil {
		at.hangUp()
		return nil, nil, Unreachable.Failf("libvirt at %s does not answer: %w", conn.RemoteAddr(), errors.Join(context.Cause(ctx), err))
	}
	c.virt, c.line = virt, at
	return virt, at, nil
}

// dial connects to the first socket that exists.
func (c *Connection) dial(ctx context.Context) (net.Conn, error) {
	for _, path := range c.Sockets {
		conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
		switch {
		case err == nil:
			return conn, nil
		case errors.Is(err, fs.ErrNotExist):
			continue
		default:
			return nil, Unreachable.Failf("libvirt at %s: %w", path, err)
		}
	}
	return nil, fmt.Errorf("libvirt (no socket at %v): %w", c.Sockets, change.ErrNotInstalled)
}

// line is the net.Conn beneath a connection: go-libvirt keeps it to itself, and
// closing it is the only way to end a call that hangs.
type line struct {
	conn net.Conn
	dead atomic.Bool // go-libvirt notices a little later
}

// Dial hands the open line to go-libvirt.
func (l *line) Dial() (net.Conn, error) { return l.conn, nil }

func (l *line) hangUp() {
	l.dead.Store(true)
	_ = l.conn.Close()
}

// missing says whether libvirt answered that there is no such domain.
func missing(err error) bool {
	var answer libvirt.Error
	return errors.As(err, &answer) && libvirt.ErrorNumber(answer.Code) == libvirt.ErrNoDomain
}
