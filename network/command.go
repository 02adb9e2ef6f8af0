package network

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"wiabctl/provision/change"
)

// patience is how long systemctl or iptables may take: they wait for others, who
// may wait for ever.
const patience = time.Minute

// command runs a program of the host's and returns what it printed.
func command(ctx context.Context, name string, args ...string) (answer string, err error) {
	end := change.Trace(ctx, "command", "argv", append([]string{name}, args...))
	defer func() { end(err) }()
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("it did not end within %s", patience))
	defer cancel()
	program := exec.CommandContext(ctx, name, args...)
	program.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for wiabctl
	program.WaitDelay = time.Second                           // what it started may hold its output open
	var complaint strings.Builder
	program.Stderr = &complaint
	said, err := program.Output()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(complaint.String()))
	}
	return string(said), nil
}
