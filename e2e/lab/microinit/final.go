package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sys/unix"
)

const (
	sshPort     = 22
	sshDeadline = 60 * time.Second // sshd needs half a second, and several on a crowded machine
	poll        = 20 * time.Millisecond

	// modules is how long cloud-init's last modules take, counted in paces since the
	// clock can leap. In a cloud image they run while sshd is up already, for 3.8 s on
	// the lab's. Who takes an open port for a machine that is ready is found out here.
	modules = 2 * time.Second
	pace    = 200 * time.Millisecond
)

// final has the last word of a start: what cloud-init status answers, and the
// finished line on the console. As in a cloud image both come some time after sshd is
// up. A system whose sshd never comes is an error and has no finished line.
//
// It is a process of its own since init starts sshd only after boot has ended.
// That costs 10 ms under emulation: boot has left the program in memory, and
// already translated.
func final(ctx context.Context, console io.Writer) error {
	booted := readOutcome(outcomeFile)
	noSSH := awaitListener(ctx, sshPIDFile, kernelTables())
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for range modules / pace {
		<-tick.C
	}
	err := writeFile(resultFile, result(errors.Join(booted.err(), noSSH)), 0o644)
	if err = errors.Join(noSSH, err); err != nil {
		return err
	}
	_, err = fmt.Fprintln(console, finished(time.Now(), booted.Disk, uptime()))
	return err
}

// uptime is the time since the kernel started.
func uptime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
