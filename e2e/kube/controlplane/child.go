package controlplane

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// stopGrace is how long a program may take to end when asked to.
	stopGrace = time.Second
	// restartPause is how long a program that died stays down.
	restartPause = time.Second
)

// child is a program that is kept running.
type child struct {
	program
	log string
	// prepare, if there is one, comes before each start.
	prepare func(context.Context) error
	last    atomic.Pointer[string] // how it ended last, if it did
}

// keep runs the program until ctx ends, again and again if it dies.
func (c *child) keep(ctx context.Context) {
	for ctx.Err() == nil {
		began := time.Now()
		var err error
		if c.prepare != nil {
			err = c.prepare(ctx)
		}
		if err == nil {
			err = c.run(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		end := fmt.Sprintf("%s ended after %s: %v (see %s)", c.name, time.Since(began).Round(time.Millisecond), err, c.log)
		c.last.Store(&end)
		slog.Warn(end)
		select {
		case <-ctx.Done():
		case <-time.After(restartPause):
		}
	}
}

// run starts the program and waits for its end. The program dies with the
// thread that started it (Pdeathsig), so that thread is kept.
func (c *child) run(ctx context.Context) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	out, err := os.OpenFile(c.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o640)
	if err != nil {
		return err
	}
	path, err := c.path()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, path, c.args...)
	cmd.Args[0] = c.name
	cmd.Env = append(os.Environ(), c.env...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopGrace
	return errors.Join(cmd.Run(), out.Close())
}

// path is the executable. This binary is most programs, and /proc/self/exe still is this
// one after the file was replaced; the others lie beside it.
func (c *child) path() (string, error) {
	if !c.apart {
		return "/proc/self/exe", nil
	}
	self, err := os.Executable()
	return filepath.Join(filepath.Dir(self), c.name), err
}

// ended says how the program ended last; empty if it never did.
func (c *child) ended() string {
	if end := c.last.Load(); end != nil {
		return *end
	}
	return ""
}
