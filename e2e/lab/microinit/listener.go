package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// kernelTables are the kernel's TCP sockets, one table for each IP version.
func kernelTables() []string { return []string{"/proc/net/tcp", "/proc/net/tcp6"} }

// awaitListener returns nil as soon as a table has a socket that listens on the
// port. It asks the kernel: a connection would do as well, but sshd would have
// to fork for each.
//
// The deadline is counted in looks: the clock of an emulated CPU can leap by
// minutes when its host is busy (the kernel then says that the TSC is unstable).
func awaitListener(ctx context.Context, tables []string, port uint16, deadline time.Duration) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for range deadline / poll {
		for _, table := range tables {
			// A kernel without an IP version has no such table.
			if text, err := os.ReadFile(table); err == nil && listens(string(text), port) {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for port %d: %w", port, ctx.Err())
		case <-tick.C:
		}
	}
	return fmt.Errorf("nothing listens on port %d after %v: look at what sshd says on the console", port, deadline)
}

// listens finds a listening socket in a table of the form that the kernel's
// Documentation/networking/proc_net_tcp.rst gives: number, local address:port,
// remote address:port, state, all hexadecimal.
func listens(table string, port uint16) bool {
	const listen = "0A" // TCP_LISTEN
	local := fmt.Sprintf(":%04X", port)
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) > 3 && strings.HasSuffix(f[1], local) && f[3] == listen {
			return true
		}
	}
	return false
}
