package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// sshPIDFile is what sshd writes once it listens; it is new at each boot.
const sshPIDFile = "/run/sshd.pid"

// kernelTables are the kernel's TCP sockets, one table for each IP version.
func kernelTables() []string { return []string{"/proc/net/tcp", "/proc/net/tcp6"} }

// awaitListener returns nil as soon as the sign is there and a table has a
// socket that listens on the port of SSH. The tables are the proof, but to read them
// takes 5 ms under emulation, which at every look would be a quarter of the CPU
// that sshd needs to start; so they are read only when the sign is there.
//
// The deadline is counted in looks: the clock of an emulated CPU can leap by
// minutes when its host is busy (the kernel then says that the TSC is unstable).
func awaitListener(ctx context.Context, sign string, tables []string) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for range sshDeadline / poll {
		if _, err := os.Stat(sign); err == nil && anyListens(tables, sshPort) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for port %d: %w", sshPort, ctx.Err())
		case <-tick.C:
		}
	}
	return fmt.Errorf("nothing listens on port %d after %v: look at what sshd says on the console", sshPort, sshDeadline)
}

// anyListens looks at the tables that there are: a kernel without an IP version
// lacks that one.
func anyListens(tables []string, port uint16) bool {
	return slices.ContainsFunc(tables, func(table string) bool {
		text, err := os.ReadFile(table)
		return err == nil && listens(string(text), port)
	})
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
