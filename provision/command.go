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
// the last of what it said. Extra environment comes before the arguments.
func command(ctx context.Context, say change.Progress, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	// Asked to end, apt leaves a state that it can go on from; killed, it may not.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = time.Minute
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
	err := cmd.Run()
	in.Close()
	<-read
	if err != nil {
		said := strings.TrimSpace(last.String())
		return fmt.Errorf("%s: %w: %s", name, err, said[max(0, len(said)-1000):])
	}
	return nil
}
