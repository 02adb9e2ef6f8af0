package provision

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"wiabctl/provision/change"
)

// command runs a program of the host and passes its lines on; the error carries
// the last of what it said.
func command(ctx context.Context, say change.Progress, name string, args ...string) error {
	return run(ctx, prepare(ctx, nil, name, args...), say)
}

// output runs a program of the host and returns what it prints.
func output(ctx context.Context, env []string, name string, args ...string) (said string, err error) {
	end := change.Trace(ctx, "command", "argv", append([]string{name}, args...))
	defer func() { end(err) }()
	cmd := prepare(ctx, env, name, args...)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err = cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", name, err, tail(complaint.String()))
	}
	return out.String(), nil
}

// prepare is a program of the host with more of an environment.
func prepare(ctx context.Context, env []string, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for wiabctl, which finishes what runs
	// Asked to end, apt leaves a state that it can go on from; killed, it may not.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = time.Minute
	return cmd
}

// run runs the program to its end.
func run(ctx context.Context, cmd *exec.Cmd, say change.Progress) (err error) {
	end := change.Trace(ctx, "command", "argv", cmd.Args)
	defer func() { end(err) }()
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, in
	var last bytes.Buffer
	read := make(chan struct{})
	go func() {
		defer close(read)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			say.Sayf("%s", lines.Text())
			last.WriteString(lines.Text() + "\n")
		}
		_, _ = io.Copy(io.Discard, out) // a line too long to scan must not block the program
	}()
	err = cmd.Run()
	in.Close()
	<-read
	if err != nil {
		return fmt.Errorf("%s: %w: %s", cmd.Args[0], err, tail(last.String()))
	}
	return nil
}

// tail is the end of what a program said, where it tells why it failed.
func tail(said string) string {
	said = strings.TrimSpace(said)
	return said[max(0, len(said)-1000):]
}
