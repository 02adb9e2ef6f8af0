// Command microinit makes a Linux with busybox init behave like a cloud image:
// at boot it reads the NoCloud seed from the disk labelled cidata and does what
// the seed says; once sshd listens too it says so; called as cloud-init it
// answers how that went.
//
// It is stricter than cloud-init on purpose. A key it does not know is an error,
// so that a seed with a slip of the pen is found in seconds and not by the slow
// cloud image at night.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	if filepath.Base(os.Args[0]) == "cloud-init" {
		os.Exit(cloudInit(os.Args[1:], os.Stdout, os.Stderr))
	}
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "microinit:", err)
		os.Exit(1)
	}
}

// run does one of the two halves of a start.
func run(ctx context.Context, args []string) error {
	switch {
	case slices.Equal(args, []string{"boot"}):
		return boot(ctx, os.Stdout)
	case slices.Equal(args, []string{"final"}):
		return final(ctx, os.Stdout)
	}
	return errors.New("usage, in inittab: sysinit:microinit boot and once:microinit final; by hand: cloud-init status [--wait]")
}
