package cluster

import (
	"context"
	_ "embed" // for the script
	"errors"
	"fmt"

	"wiabctl/provision/change"
)

//go:embed wiab/receipts.sh
var receiptsScript string

// snapshotsDir is where the copies are.
const snapshotsDir = "wiab/snapshots"

// Receipts keeps copies of what tells, in the deploy directory, of the cluster's state:
// the jobs' receipts, the kubeconfig, the values that the scripts made. The copies stay on
// the admin host, root's alone, for among them are secrets.
type Receipts struct{ Admin *Admin }

// Running lists the units of the jobs that work at the moment and change what is kept.
func (r Receipts) Running(ctx context.Context) ([]string, error) {
	units, err := units(ctx, r.Admin, "*")
	if errors.Is(err, change.ErrNotInstalled) {
		return nil, nil
	}
	return units, err
}

// Save keeps the present state under the name, a DNS label.
func (r Receipts) Save(ctx context.Context, name string) error { return r.run(ctx, "save", name) }

// Check returns why what was kept cannot be brought back, nil if it can.
func (r Receipts) Check(ctx context.Context, name string) error { return r.run(ctx, "check", name) }

// Restore brings back what was kept. It is safe to repeat.
func (r Receipts) Restore(ctx context.Context, name string) error {
	return r.run(ctx, "restore", name)
}

// Delete forgets what was kept; nothing is success.
func (r Receipts) Delete(ctx context.Context, name string) error {
	err := r.run(ctx, "delete", name)
	if errors.Is(err, change.ErrNotInstalled) {
		return nil
	}
	return err
}

// run is root's work: the tools container leaves files that are root's.
func (r Receipts) run(ctx context.Context, what, name string) error {
	argv := append([]string{"sudo", "sh", "-c", receiptsScript, "sh", what, r.Admin.Dir, name}, made()...)
	if _, err := r.Admin.Run(ctx, argv...); err != nil {
		return fmt.Errorf("receipts of the cluster, to %s: %w", what, err)
	}
	return nil
}
