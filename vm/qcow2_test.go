package vm

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// What deleting a snapshot gives back is what it was said to hold.
func TestHeldBySnapshot(t *testing.T) {
	image := filepath.Join(t.TempDir(), "x.qcow2")
	run(t, "qemu-img", "create", "-f", "qcow2", image, "4G")
	run(t, "qemu-io", "-c", "write -P 7 0 6M", "-c", "write -P 7 3G 1M", image)
	run(t, "qemu-img", "snapshot", "-c", "a", image)
	run(t, "qemu-io", "-c", "write -P 8 0 2M", image)
	run(t, "qemu-img", "snapshot", "-c", "b", image)
	run(t, "qemu-io", "-c", "write -P 9 1M 4M", image)
	for _, tc := range []struct {
		name string
		data int64 // what no other has, in MiB; what both snapshots have is neither's alone
	}{{"a", 2}, {"b", 1}} {
		got, err := heldBySnapshot(image, tc.name)
		if extra := got - tc.data<<20; err != nil || extra < 0 || extra > 256<<10 {
			t.Errorf("%s holds %d bytes (%v), want %d MiB and some tables", tc.name, got, err, tc.data)
		}
	}
	if _, err := heldBySnapshot(image, "c"); err == nil {
		t.Error("a snapshot that is not there holds something")
	}
	whole, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	for name, broken := range map[string][]byte{
		"no image":           make([]byte, 1<<16),
		"clusters of a byte": slices.Concat(whole[:20], make([]byte, 4), whole[24:]),
	} {
		if err := os.WriteFile(image, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := heldBySnapshot(image, "a"); !errors.Is(err, errQcow2Unknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
