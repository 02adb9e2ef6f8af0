package cmd

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"wiabctl/provision"
)

// terminal is the terminal that a person types on.
type terminal struct{ fd int }

// terminalOf is the terminal behind a stream, if there is one.
func terminalOf(stream any) (terminal, bool) {
	file, ok := stream.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return terminal{}, false
	}
	return terminal{int(file.Fd())}, true
}

// raw hands on every key as it is typed, also Ctrl-C, until restore is called.
func (t terminal) raw() (restore func(), err error) {
	before, err := term.MakeRaw(t.fd)
	if err != nil {
		return nil, fmt.Errorf("set the terminal to raw mode: %w", err)
	}
	return func() { _ = term.Restore(t.fd, before) }, nil
}

// attach shows a session on the terminal, until restore is called.
func (t terminal) attach(ctx context.Context, session *provision.Session) (restore func(), err error) {
	if session.Terminal, err = t.remote(ctx); err != nil {
		return nil, err
	}
	return t.raw()
}

// remote describes the terminal to a session, with its new sizes until ctx ends.
func (t terminal) remote(ctx context.Context) (*provision.Terminal, error) {
	size, err := t.size()
	if err != nil {
		return nil, err
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGWINCH)
	context.AfterFunc(ctx, func() { signal.Stop(signals) })
	resized := make(chan provision.TerminalSize)
	go func() {
		for range signals {
			size, err := t.size()
			if err != nil {
				continue
			}
			select {
			case resized <- size:
			case <-ctx.Done():
				return
			}
		}
	}()
	return &provision.Terminal{Type: fromEnvironment("TERM", "xterm"), Size: size, Resized: resized}, nil
}

func (t terminal) size() (provision.TerminalSize, error) {
	width, height, err := term.GetSize(t.fd)
	if err != nil {
		return provision.TerminalSize{}, fmt.Errorf("ask the terminal for its size: %w", err)
	}
	return provision.TerminalSize{Width: width, Height: height}, nil
}
