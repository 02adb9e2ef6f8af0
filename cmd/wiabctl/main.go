// Command wiabctl installs Wire in a Box, staging, and serves it under many domains.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"wiabctl/cmd"
)

func main() {
	// The first signal asks every wait to end; the second kills, as signals do.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(cmd.Execute(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
