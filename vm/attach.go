package vm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// leave is the byte that ends an attached console: Ctrl-], as in virsh and telnet.
const leave = 0x1d

// Attach connects the streams with the machine's serial console until in ends or
// brings Ctrl-], the machine stops or ctx ends. libvirt's own stream cannot be used:
// go-libvirt reads it only. Only one wiabctl may be attached at a time, since each
// would get a part of what the console says; the error is then a Failure of kind
// ConsoleBusy.
func (r *Room) Attach(ctx context.Context, name string, in io.Reader, out io.Writer) error {
	_, is, err := r.present(ctx, name)
	if err != nil {
		return err
	}
	path, err := is.pty()
	if err != nil {
		return fmt.Errorf("console of %s: %w", name, err)
	}
	pty, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return fmt.Errorf("console of %s: %w", name, err)
	}
	defer pty.Close()
	if err := hold(pty); err != nil {
		return ConsoleBusy.Failf("somebody else is attached to the console of %s: %w", name, err)
	}
	stop := context.AfterFunc(ctx, func() { pty.Close() })
	defer stop()
	ends := make(chan error, 2)
	go func() { ends <- typed(pty, in) }()
	go func() { ends <- shown(out, pty) }()
	if err := <-ends; err != nil && ctx.Err() == nil {
		return fmt.Errorf("console of %s: %w", name, err)
	}
	return context.Cause(ctx)
}

// hold takes the terminal for this process alone, as far as others ask.
func hold(file *os.File) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var locked error
	err = raw.Control(func(fd uintptr) { locked = unix.Flock(int(fd), unix.LOCK_EX|unix.LOCK_NB) })
	return errors.Join(err, locked)
}

// pty is the device of the running machine's serial console.
func (is *standing) pty() (string, error) {
	if is.live == nil || is.live.Devices == nil {
		return "", errors.New(is.halted())
	}
	for _, serial := range is.live.Devices.Serials {
		if serial.Source != nil && serial.Source.Pty != nil && serial.Source.Pty.Path != "" {
			return serial.Source.Pty.Path, nil
		}
	}
	return "", errors.New("it has no serial console on a pty")
}

// typed hands on what comes in, up to Ctrl-].
func typed(console io.Writer, in io.Reader) error {
	buffer := make([]byte, 1024)
	for {
		n, err := in.Read(buffer)
		for i, b := range buffer[:n] {
			if b == leave {
				n, err = i, io.EOF
				break
			}
		}
		if _, wrote := console.Write(buffer[:n]); wrote != nil {
			return wrote
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// shown hands on what the console says. EIO says that nobody holds its other end:
// the machine has stopped.
func shown(out io.Writer, console io.Reader) error {
	_, err := io.Copy(out, console)
	if errors.Is(err, syscall.EIO) || errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}
