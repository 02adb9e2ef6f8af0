package network

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"
)

// rollback takes the firewall back to what it was when nobody stops it in time. It
// is systemd's, so that it happens without wiabctl too.
type rollback struct {
	file string // what nft loads to take it back
	unit string
}

// armed is the rollback that begins to count: after the time given the firewall is
// the one that was proven last, or none.
func armed(ctx context.Context, after time.Duration, proven string) (rollback, error) {
	r := rollback{file: "/run/wiabctl/firewall-before.nft", unit: "wiabctl-firewall-rollback"}
	if err := os.MkdirAll(filepath.Dir(r.file), 0o755); err != nil {
		return r, err
	}
	before := "add table " + firewallTable + "\ndelete table " + firewallTable + "\n" + proven
	if err := renameio.WriteFile(r.file, []byte(before), 0o600, renameio.IgnoreUmask()); err != nil {
		return r, err
	}
	if !booted() {
		return r, nil
	}
	if err := r.stop(ctx); err != nil { // that of an earlier run that was killed
		return r, err
	}
	_, err := command(ctx, "systemd-run", "--quiet", "--collect", "--unit="+r.unit, "--timer-property=AccuracySec=100ms",
		fmt.Sprintf("--on-active=%d", int(after.Seconds())), "nft", "-f", r.file)
	return r, err
}

// stop stops the clock; that it does not run is success.
func (r rollback) stop(ctx context.Context) error {
	if !booted() {
		return nil
	}
	if _, err := command(ctx, "systemctl", "is-active", "--quiet", r.unit+".timer"); err != nil {
		return nil //nolint:nilerr // it does not run
	}
	return systemctl(ctx, "stop", r.unit+".timer")
}

// disarm stops the clock for good: what it would have loaded goes too.
func (r rollback) disarm(ctx context.Context) error {
	if err := r.stop(ctx); err != nil {
		return err
	}
	return errors.Join(files{{path: r.file}}.erase(), tidy(filepath.Dir(r.file)))
}

// now takes the firewall back at once, also when ctx has ended. Where that fails the clock goes on.
func (r rollback) now(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	if _, err := command(ctx, "nft", "-f", r.file); err != nil {
		return err
	}
	return r.disarm(ctx)
}
