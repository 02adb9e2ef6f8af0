package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/spf13/cobra"

	"wiabctl/e2e/lab"
)

func shell(o *lab.Options) *cobra.Command {
	return &cobra.Command{
		Use:   "shell",
		Short: "Open a root shell on the KVM host",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return enter(cmd, o, func(l *lab.Lab, ctx context.Context) *exec.Cmd {
				// script gives the shell a terminal of the host's own, which tty, ssh and less can find there.
				return l.Host(ctx, "script", "--quiet", "--return", "--command", "bash --login", "/dev/null")
			})
		},
	}
}

func host(o *lab.Options) *cobra.Command {
	return &cobra.Command{
		Use:     "host -- COMMAND [ARGUMENT...]",
		Short:   "Run a command as root on the KVM host; its exit status is passed on",
		Example: "  labctl host -- virsh list --all",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return enter(cmd, o, func(l *lab.Lab, ctx context.Context) *exec.Cmd {
				return l.Host(ctx, args[0], args[1:]...)
			})
		},
	}
}

func curl(o *lab.Options) *cobra.Command {
	return &cobra.Command{
		Use:     "curl ARGUMENT...",
		Short:   "Call curl on the lab's internet, with its names and its authority",
		Example: "  labctl curl https://nginz-https.green.example.org/deeplink.json",
		// What follows is curl's.
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			return enter(cmd, o, func(l *lab.Lab, ctx context.Context) *exec.Cmd {
				return l.Curl(ctx, args...)
			})
		},
	}
}

// enter runs a command inside the lab with this program's terminal. Signals
// from the terminal reach that command itself, which decides what to do.
func enter(cmd *cobra.Command, o *lab.Options, prepare func(*lab.Lab, context.Context) *exec.Cmd) error {
	l, err := lab.Attach(*o)
	if err != nil {
		return err
	}
	inside := prepare(l, context.WithoutCancel(cmd.Context()))
	inside.Stdin, inside.Stdout, inside.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = inside.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() >= 0 {
		return ended{exit.ExitCode()}
	}
	return err
}

// ended says that the command inside has ended with an exit status other than 0,
// about which it has said all there is to say.
type ended struct{ status int }

func (e ended) Error() string { return fmt.Sprintf("exit status %d", e.status) }
