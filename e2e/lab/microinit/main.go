// Command microinit makes a Linux with busybox init behave like a cloud image:
// at boot it reads the NoCloud seed from the disk labelled cidata and does what
// the seed says; called as cloud-init it answers how that went.
//
// It is stricter than cloud-init on purpose. A key it does not know is an error,
// so that a seed with a slip of the pen is found in seconds and not by the slow
// cloud image at night.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if filepath.Base(os.Args[0]) == "cloud-init" {
		os.Exit(cloudInit(os.Args[1:], os.Stdout, os.Stderr))
	}
	if len(os.Args) != 2 || os.Args[1] != "boot" {
		fmt.Fprintln(os.Stderr, "usage: microinit boot (from inittab's sysinit) | cloud-init status [--wait]")
		os.Exit(2)
	}
	if err := boot(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "microinit:", err)
		os.Exit(1)
	}
}
