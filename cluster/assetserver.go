package cluster

import (
	"context"
	"fmt"
	"net"
	"time"

	"wiabctl/provision/change"
)

// AssetServer is the unit on the asset host that serves what the VMs install from.
// offline-cluster.sh starts it in a way that no boot repeats (contract section 8.3).
type AssetServer struct {
	Address string // host:port that it serves at
	// Run executes a program on the asset host.
	Run func(ctx context.Context, argv ...string) ([]byte, error)
}

// assetUnit is the unit's name.
const assetUnit = "serve-assets.service"

// plan starts what does not answer.
func (a AssetServer) plan(ctx context.Context) []change.Change {
	err := a.answers(ctx)
	if err == nil {
		return nil
	}
	return []change.Change{{Verb: change.Start, Subject: assetUnit + " on the asset host", Reason: err.Error(), Apply: a.start}}
}

// answers returns nil when something listens.
func (a AssetServer) answers(ctx context.Context) error {
	dialer := net.Dialer{Timeout: connecting}
	conn, err := dialer.DialContext(ctx, "tcp", a.Address)
	if err != nil {
		return err
	}
	return conn.Close()
}

// start starts it, now and at each boot: without an [Install] section in the unit, enabling
// it would do nothing.
func (a AssetServer) start(ctx context.Context, say change.Progress) error {
	for _, argv := range [][]string{{"add-wants", "multi-user.target", assetUnit}, {"start", assetUnit}} {
		if _, err := a.Run(ctx, append([]string{"sudo", "systemctl"}, argv...)...); err != nil {
			return fmt.Errorf("%s on the asset host: %w", assetUnit, err)
		}
	}
	return change.Condition{
		Description: assetUnit + " on the asset host to answer",
		Deadline:    30 * time.Second,
		Interval:    50 * time.Millisecond,
		Check:       a.answers,
	}.Await(ctx, say)
}
