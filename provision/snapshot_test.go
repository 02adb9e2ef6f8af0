package provision

import (
	"context"
	"errors"
	"testing"

	"wiabctl/provision/change"
	"wiabctl/vm"
)

// What cannot be is refused before anything is looked at.
func TestSnapshotsRefused(t *testing.T) {
	others, _ := onOthers(t, t.TempDir())
	config, err := Parse([]byte(smallest))
	if err != nil {
		t.Fatal(err)
	}
	ours := Open(config, func(Event) {})
	create := func(ask SnapshotRequest) func(context.Context, *Installation) error {
		return func(ctx context.Context, i *Installation) error { return i.CreateSnapshot(ctx, ask) }
	}
	for _, tc := range []struct {
		name string
		on   *Installation
		do   func(context.Context, *Installation) error
		want change.Kind
	}{
		{"a name that leads elsewhere", ours, create(SnapshotRequest{Name: "../x"}), BadUsage},
		{"a description of two lines", ours, create(SnapshotRequest{Name: "x", Description: "a\nb"}), BadUsage},
		{"creating with others' VMs", others, create(SnapshotRequest{Name: "x"}), vm.Elsewhere},
		{"listing with others' VMs", others, func(ctx context.Context, i *Installation) error { _, err := i.Snapshots(ctx); return err }, vm.Elsewhere},
		{"restoring with others' VMs", others, func(ctx context.Context, i *Installation) error { _, err := i.PlanRestore(ctx, "x"); return err }, vm.Elsewhere},
		{"deleting a name of no snapshot", ours, func(ctx context.Context, i *Installation) error {
			_, err := i.PlanDeleteSnapshot(ctx, "X")
			return err
		}, BadUsage},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := tc.do(t.Context(), tc.on); !errors.Is(err, tc.want.Failf("")) {
				t.Errorf("got %v, want a Failure of kind %s", err, tc.want.ID)
			}
		})
	}
}
