package cluster

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

func TestAttach(t *testing.T) {
	target := serveSSH(t)
	for _, tc := range []struct {
		name     string
		argv     []string
		in       string
		out, err string
		status   int
	}{
		{"a command", []string{"echo", "$HOME; it's", "a  b"}, "", "$HOME; it's a  b\n", "", 0},
		{"its input", []string{"tr", "a-z", "A-Z"}, "loud", "LOUD", "", 0},
		{"its status and errors", []string{"sh", "-c", "echo wrong >&2; exit 42"}, "", "", "wrong\n", 42},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out, errOut bytes.Buffer
			status, err := target.Attach(context.Background(), Session{Argv: tc.argv, In: strings.NewReader(tc.in), Out: &out, Err: &errOut})
			if err != nil || status != tc.status || out.String() != tc.out || errOut.String() != tc.err {
				t.Errorf("got %d, %q, %q (%v); want %d, %q, %q", status, out.String(), errOut.String(), err, tc.status, tc.out, tc.err)
			}
		})
	}
}

func TestAttachEnds(t *testing.T) {
	target := serveSSH(t)
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := target.Attach(ctx, Session{Argv: []string{"sleep", "60"}}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("an ended context was noticed after %s", took)
	}
	target.HostKey = newKey(t).PublicKey()
	if _, err := target.Attach(context.Background(), Session{Argv: []string{"true"}}); !errors.Is(err, HostKeyChanged.Failf("")) {
		t.Errorf("another host key: %v, want a Failure of kind %s", err, HostKeyChanged.ID)
	}
}

// A terminal reaches the other side with its type, its size and its new sizes.
func TestAttachWithATerminal(t *testing.T) {
	target := serveSSH(t)
	resized := make(chan TerminalSize, 1)
	pressed, keys := io.Pipe()
	screen, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := target.Attach(context.Background(), Session{In: pressed, Out: out,
			Terminal: &Terminal{Type: "vt100", Size: TerminalSize{Width: 100, Height: 30}, Resized: resized}})
		out.Close()
		done <- err
	}()
	lines := bufio.NewScanner(screen)
	for _, want := range []string{"terminal vt100 100x30", "terminal 120x40"} {
		if !lines.Scan() || lines.Text() != want {
			t.Fatalf("got %q (%v), want %q", lines.Text(), lines.Err(), want)
		}
		resized <- TerminalSize{Width: 120, Height: 40}
	}
	if _, err := keys.Write([]byte("exit\n")); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, screen) }()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
