package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"wiabctl/provision/change"
)

// Ready returns nil when the machine answers over SSH with the known host key and
// its cloud-init has done all that the seed asks for. A cloud-init that failed
// never gets ready.
func (t Target) Ready(ctx context.Context) error {
	client, err := t.Dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	return client.seeded(ctx)
}

const (
	// knocking is the pause before a machine that does not listen is tried again, which
	// costs it next to nothing, and knockLong the longest one try may take: what a
	// machine without a network swallows, TCP would repeat a second later only.
	knocking  = 100 * time.Millisecond
	knockLong = 300 * time.Millisecond
	// reentering is the pause after a login that failed: one costs an emulated machine
	// half a second of its processor.
	reentering = 800 * time.Millisecond
	// booting is how often a machine that boots is asked whether it is still there: one
	// that was reset leaves its connections open.
	booting = 2 * time.Second
)

// AwaitReady waits until the machine is Ready and returns nil, or an error when it
// never will be or ctx ends. It tries in short pauses to connect, then holds one
// session until cloud-init is done; where that breaks, because sshd or the whole
// machine starts anew, it begins again. missing is told what is missing each time that
// changes.
func (t Target) AwaitReady(ctx context.Context, missing func(error)) error {
	for {
		pause := knocking
		conn, err := t.connect(ctx, knockLong)
		if err == nil {
			pause = reentering
			err = t.attend(ctx, conn, missing)
		}
		if err == nil || errors.Is(err, errSeedFailed) || ctx.Err() != nil {
			return err
		}
		missing(err)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}

// attend logs in on the connection and stays until cloud-init is done.
func (t Target) attend(ctx context.Context, conn net.Conn, missing func(error)) error {
	client, err := t.login(ctx, conn, booting)
	if err != nil {
		return err
	}
	defer client.Close()
	missing(fmt.Errorf("cloud-init on %s is still at work", t.Name))
	return client.seeded(ctx)
}

// errSeedFailed says that cloud-init ended without doing all that the seed asks for.
var errSeedFailed = errors.New("cloud-init failed")

// seeded waits until cloud-init is done.
func (c *Client) seeded(ctx context.Context) error {
	out, err := c.Run(ctx, "cloud-init", "status", "--wait")
	switch {
	case err == nil, ExitStatus(err) == 2: // 2: done, with warnings (cloud-init 23.4 and later)
		return nil
	case ExitStatus(err) == 1:
		return change.Never(fmt.Errorf("%w on %s: %s", errSeedFailed, c.name, strings.TrimSpace(string(out))))
	}
	return err
}
