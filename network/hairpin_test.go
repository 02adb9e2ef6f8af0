package network

import (
	"context"
	"os"
	"strings"
	"testing"
)

// The mode auto opens the hairpin while certificates are pending and closes it
// afterwards, in the kernel and for the next boot; the other modes ask nobody.
func TestHairpinAuto(t *testing.T) {
	needRoot(t)
	clear(t)
	pending := true
	f := usual()
	f.Spec.Hairpin = HairpinAuto
	f.Pending = func(context.Context) bool { return pending }
	ctx := context.Background()
	expect := func(step string, open bool, plan, closing int) {
		t.Helper()
		is, err := hairpinInForce()
		if err != nil || is != open {
			t.Errorf("%s: in force %v (%v), want %v", step, is, err, open)
		}
		boot, _ := os.ReadFile(rulesFile)
		if written := strings.Contains(string(boot), `comment "hairpin"`); written != open {
			t.Errorf("%s: for the next boot %v, want %v", step, written, open)
		}
		changes, err := f.Plan(ctx)
		if got := lines(t, changes, err); len(got) != plan {
			t.Errorf("%s: the stage of the network plans %q", step, got)
		}
		changes, err = f.Closing(ctx)
		if got := lines(t, changes, err); len(got) != closing {
			t.Errorf("%s: the closing stage plans %q", step, got)
		}
	}
	changes, err := f.Plan(ctx)
	apply(t, changes, err)
	expect("while certificates are pending", true, 0, 0)
	pending = false
	expect("when they are ready", true, 0, 1)
	changes, err = f.Closing(ctx)
	apply(t, changes, err)
	expect("after closing", false, 0, 0)
	pending = true
	expect("when one is pending again", false, 2, 0)
	changes, err = f.Plan(ctx)
	apply(t, changes, err)
	pending = false
	run(t, "nft", "delete", "table", "ip", tableName) // as after a crash, with the file of the open hairpin
	changes, err = f.Closing(ctx)
	apply(t, changes, err)
	expect("closed after a crash", false, 0, 0)

	for mode, open := range map[Hairpin]bool{HairpinAlways: true, HairpinNever: false} {
		f.Spec.Hairpin, f.Pending = mode, nil
		changes, err := f.Plan(ctx)
		apply(t, changes, err)
		expect(string(mode), open, 0, 0)
	}
	changes, err = f.Remove(ctx)
	apply(t, changes, err)
}
