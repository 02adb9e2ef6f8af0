package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"al.essio.dev/pkg/shellescape"
	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"wiabctl/provision/change"
)

// Client is one SSH connection to a machine.
type Client struct {
	name  string
	ssh   *ssh.Client
	files func() (*sftp.Client, error)
	bulk  func() (*sftp.Client, error) // files, in larger pieces where the server takes them
	gone  chan struct{}
	leave func()        // closes gone
	slots chan struct{} // one for each command that may run at a time
}

// atATime is how many commands run at a time on a connection: OpenSSH's server takes ten
// sessions (sshd_config(5), MaxSessions), and two are for files.
const atATime = 8

// keepalive is how often an idle connection is asked whether it lives.
const keepalive = 15 * time.Second

func newClient(name string, conn *ssh.Client, alive time.Duration) *Client {
	c := &Client{name: name, ssh: conn, gone: make(chan struct{}), slots: make(chan struct{}, atATime)}
	c.files = sync.OnceValues(func() (*sftp.Client, error) { return sftp.NewClient(conn) })
	c.bulk = sync.OnceValues(c.openBulk)
	c.leave = sync.OnceFunc(func() { close(c.gone) })
	go func() { _ = conn.Wait(); c.leave() }()
	go c.keepAlive(alive)
	return c
}

// keepAlive closes a connection whose other end no longer answers.
func (c *Client) keepAlive(every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-c.gone:
			return
		case <-tick.C:
		}
		late := time.AfterFunc(keepalive, func() { c.Close() })
		_, _, err := c.ssh.SendRequest("keepalive@openssh.com", true, nil)
		late.Stop()
		if err != nil {
			c.Close()
			return
		}
	}
}

// Alive tells whether the connection is still up.
func (c *Client) Alive() bool {
	select {
	case <-c.gone:
		return false
	default:
		return true
	}
}

// Close ends the connection. From then on it is not alive, though its other end may not
// know yet.
func (c *Client) Close() error {
	c.leave()
	return c.ssh.Close()
}

// outputLimit bounds what is kept in memory of a command's output, in bytes.
const outputLimit = 16 << 20

// Run executes the program with its arguments, quoted for the remote shell, and
// returns its standard output. A failure carries the end of standard error; an output of
// more than 16 MiB is one. When ctx ends, the session is closed and its error returned.
// Errors name the program and never its arguments.
func (c *Client) Run(ctx context.Context, argv ...string) ([]byte, error) {
	return c.Feed(ctx, nil, argv...)
}

// Feed is Run with a standard input: what nobody may read among the arguments.
func (c *Client) Feed(ctx context.Context, in io.Reader, argv ...string) (out []byte, err error) {
	end := change.Trace(ctx, "ssh", "to", c.name, "argv", argv)
	defer func() { end(err) }()
	var stdout head
	var stderr tail
	err = c.within(ctx, func(session *ssh.Session) error {
		session.Stdin, session.Stdout, session.Stderr = in, &stdout, &stderr
		return session.Run(shellescape.QuoteCommand(argv))
	})
	switch {
	case err != nil:
		said := strings.TrimSpace(strings.ToValidUTF8(string(stderr.kept), "?"))
		return stdout.kept.Bytes(), fmt.Errorf("%s on %s: %w: %s", argv[0], c.name, err, said)
	case stdout.cut:
		return nil, fmt.Errorf("%s on %s says more than %d MiB", argv[0], c.name, outputLimit>>20)
	}
	return stdout.kept.Bytes(), nil
}

// within does something in a session, as soon as fewer than the bound are open. When ctx
// ends the session is closed, or the connection where the server gives none.
func (c *Client) within(ctx context.Context, do func(*ssh.Session) error) error {
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-c.slots }()
	stop := context.AfterFunc(ctx, func() { c.Close() })
	session, err := c.ssh.NewSession()
	stop()
	if err == nil {
		defer session.Close()
		stop := context.AfterFunc(ctx, func() { session.Close() })
		defer stop()
		err = do(session)
	}
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// Reach opens a TCP connection from the machine to an address and ends it again: SSH
// itself connects there, so the machine needs no program for it.
func (c *Client) Reach(ctx context.Context, address string) error {
	conn, err := c.ssh.DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("from %s to %s: %w", c.name, address, err)
	}
	return conn.Close()
}

// ExitStatus gives the exit status that err carries, or -1.
func ExitStatus(err error) int {
	if exit := (*ssh.ExitError)(nil); errors.As(err, &exit) {
		return exit.ExitStatus()
	}
	return -1
}

// head keeps the first outputLimit bytes of what is written to it.
type head struct {
	kept bytes.Buffer // not embedded: io.Copy would go around Write
	cut  bool
}

func (h *head) Write(p []byte) (int, error) {
	room := min(outputLimit-h.kept.Len(), len(p))
	h.kept.Write(p[:room])
	h.cut = h.cut || room < len(p)
	return len(p), nil
}

// lastSaid is how many bytes of its standard error tell why a command failed.
const lastSaid = 2000

// tail keeps the last lastSaid bytes of what is written to it.
type tail struct{ kept []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p[max(0, len(p)-lastSaid):]...)
	t.kept = append(t.kept[:0], t.kept[max(0, len(t.kept)-lastSaid):]...)
	return len(p), nil
}
