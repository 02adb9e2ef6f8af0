package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"

	"al.essio.dev/pkg/shellescape"
	"golang.org/x/crypto/ssh"
)

// Session is what a person does on a machine: a program with its arguments, or a
// login shell when there is none.
type Session struct {
	Argv     []string
	In       io.Reader
	Out, Err io.Writer
	Terminal *Terminal // nil: there is none
}

// Terminal is the terminal that a session is shown on.
type Terminal struct {
	Type    string // "xterm", as TERM has it
	Size    TerminalSize
	Resized <-chan TerminalSize // its new sizes
}

// TerminalSize is in characters.
type TerminalSize struct{ Width, Height int }

// Attach logs in, runs the session to its end and returns its exit status: 128 and
// the signal's number if a signal ended it. The error is why there is no exit status.
func (t Target) Attach(ctx context.Context, s Session) (status int, err error) {
	client, err := t.Dial(ctx)
	if err != nil {
		return 0, err
	}
	defer client.Close()
	return client.attach(ctx, s)
}

// attach runs a session on the connection. What still runs when ctx ends is told so by
// SIGTERM, for without a terminal the connection's end is no signal to it.
func (c *Client) attach(ctx context.Context, s Session) (status int, err error) {
	session, err := c.ssh.NewSession()
	if err != nil {
		return 0, fmt.Errorf("open a session on %s: %w", c.name, err)
	}
	defer session.Close()
	stop := context.AfterFunc(ctx, func() {
		_ = session.Signal(ssh.SIGTERM)
		c.Close()
	})
	defer stop()
	session.Stdin, session.Stdout, session.Stderr = s.In, s.Out, s.Err
	if s.Terminal != nil {
		if err := s.Terminal.show(ctx, session); err != nil {
			return 0, fmt.Errorf("open a terminal on %s: %w", c.name, err)
		}
	}
	err = s.run(session)
	exit := (*ssh.ExitError)(nil)
	switch {
	case ctx.Err() != nil:
		return 0, fmt.Errorf("session on %s: %w", c.name, context.Cause(ctx))
	case errors.As(err, &exit):
		return exit.ExitStatus(), nil
	case err != nil:
		return 0, Unreachable.Failf("the session on %s broke off: %w", c.name, err)
	}
	return 0, nil
}

func (s Session) run(session *ssh.Session) error {
	if len(s.Argv) > 0 {
		return session.Run(shellescape.QuoteCommand(s.Argv))
	}
	if err := session.Shell(); err != nil {
		return err
	}
	return session.Wait()
}

// show asks for a terminal and tells of its new sizes until ctx or the session ends.
func (t *Terminal) show(ctx context.Context, session *ssh.Session) error {
	if err := session.RequestPty(t.Type, t.Size.Height, t.Size.Width, ssh.TerminalModes{}); err != nil {
		return err
	}
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case size, open := <-t.Resized:
				if !open || session.WindowChange(size.Height, size.Width) != nil {
					return
				}
			}
		}
	}()
	return nil
}
