package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Ansible's exit codes.
const (
	exitError       = 1 // something is wrong with the call or the files
	exitFailed      = 2 // a task failed on a host
	exitUnreachable = 4 // a host could not be reached
)

var (
	errFailed      = errors.New("a task failed")
	errUnreachable = errors.New("a host could not be reached")
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case err == nil:
	case errors.Is(err, errFailed):
		os.Exit(exitFailed)
	case errors.Is(err, errUnreachable):
		os.Exit(exitUnreachable)
	default:
		fmt.Fprintf(os.Stderr, "ERROR! %v\n", err)
		os.Exit(exitError)
	}
}

// run plays the playbooks that the arguments name, one after the other.
func run(ctx context.Context, args []string) error {
	opts, err := parseOptions(args)
	if err != nil {
		return err
	}
	inv, err := loadInventory(opts.inventory)
	if err != nil {
		return err
	}
	ssh, err := loadSSHConfig(os.Getenv)
	if err != nil {
		return err
	}
	for _, path := range opts.playbooks {
		plays, err := loadPlaybook(path)
		if err != nil {
			return err
		}
		r := runner{inventory: inv, options: opts, ssh: ssh, out: report{w: os.Stdout, verbose: opts.verbose}}
		if err := r.playbook(ctx, path, plays); err != nil {
			return err
		}
	}
	return nil
}
