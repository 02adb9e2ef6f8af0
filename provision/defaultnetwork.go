package provision

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"

	"wiabctl/provision/change"
)

// defaultNetwork is the libvirt network "default" as far as our own installation
// of libvirt's packages brought it. That cannot be seen on the network itself: a
// receipt says it. Without the receipt the network is somebody else's.
type defaultNetwork struct {
	Receipt   string   // the receipt's file
	Signs     []string // files of which one at least is there once libvirt was installed
	Displaced bool     // whether our own network needs the room
	// Idle says whether the network is there, as it was shipped, and unused; it
	// fails with change.ErrNotInstalled where libvirt is not at work.
	Idle func(ctx context.Context) (bool, error)
	// Remove takes the network away if it is idle.
	Remove func(ctx context.Context) error
}

// libvirtSigns are the daemon, the network's definition, and the place where the
// package keeps an older definition until it is installed again.
func libvirtSigns() []string {
	const definition = "/etc/libvirt/qemu/networks/default.xml"
	return []string{"/usr/sbin/libvirtd", definition, definition + ".dpkg-backup"}
}

// plan wants the network gone that our installation brought, or is about to bring.
func (d defaultNetwork) plan(ctx context.Context) ([]change.Change, error) {
	switch {
	case !d.Displaced:
		return nil, nil
	case d.untouched():
		return d.deletion("brings"), nil
	}
	idle, err := d.idle(ctx)
	switch {
	case errors.Is(err, change.ErrNotInstalled): // apt was killed, or is not done yet
		return d.deletion("brings"), nil
	case err != nil || !idle:
		return nil, err
	}
	// Preflight and network pass over the network for as long as the receipt is there (Fabric.Leaving), so this comes before they look again.
	return d.deletion("brought"), nil
}

// remove wants the network gone that our installation brought and no run removed.
func (d defaultNetwork) remove(ctx context.Context) ([]change.Change, error) {
	idle, err := d.idle(ctx)
	switch {
	case errors.Is(err, change.ErrNotInstalled):
		return nil, nil
	case err != nil || !idle || !d.Displaced:
		return nil, err
	}
	return d.deletion("brought"), nil
}

// idle asks for the network only if there is a receipt.
func (d defaultNetwork) idle(ctx context.Context) (bool, error) {
	if !d.witnessed() {
		return false, nil
	}
	return d.Idle(ctx)
}

func (d defaultNetwork) deletion(brought string) []change.Change {
	return []change.Change{{
		Verb:    change.Delete,
		Subject: "libvirt network default",
		Reason:  fmt.Sprintf("our installation of libvirt %s it, nothing uses it, and it occupies virbr0", brought),
		Apply:   d.take,
	}}
}

// take removes the network, unless somebody uses or changed it meanwhile, and gives
// up the receipt. A libvirt that was just installed may need a moment to answer.
func (d defaultNetwork) take(ctx context.Context, say change.Progress) error {
	if !d.witnessed() {
		return nil // libvirt was not installed by us after all
	}
	err := change.Condition{
		Description: "libvirt to give up its network default",
		Deadline:    30 * time.Second,
		Interval:    100 * time.Millisecond,
		Check:       d.Remove,
	}.Await(ctx, say)
	if err != nil {
		return err
	}
	return d.giveUp()
}

// witness has the changes leave the receipt before they install libvirt on a host
// that never had it. If they fail before libvirt came, there is nothing to witness.
func (d defaultNetwork) witness(packages []change.Change) []change.Change {
	for i, install := range packages {
		packages[i].Apply = func(ctx context.Context, say change.Progress) error {
			if !d.Displaced || !d.untouched() {
				return install.Apply(ctx, say)
			}
			if err := d.write(); err != nil {
				return err
			}
			err := install.Apply(ctx, say)
			if err != nil && ctx.Err() == nil && d.untouched() { // an interrupted apt may go on behind our back
				return errors.Join(err, d.giveUp())
			}
			return err
		}
	}
	return packages
}

// settle gives up a receipt that has nothing to say any more: the network is gone,
// used or changed. While libvirt does not answer it may still come.
func (d defaultNetwork) settle(ctx context.Context) error {
	if !d.witnessed() {
		return nil
	}
	idle, err := d.Idle(ctx)
	switch {
	case errors.Is(err, change.ErrNotInstalled) || err == nil && idle && d.Displaced:
		return nil
	case err != nil:
		return err
	}
	return d.giveUp()
}

// untouched says whether this host never had libvirt.
func (d defaultNetwork) untouched() bool {
	for _, sign := range d.Signs {
		if _, err := os.Lstat(sign); !errors.Is(err, fs.ErrNotExist) {
			return false
		}
	}
	return true
}

// witnessed says whether the receipt is there.
func (d defaultNetwork) witnessed() bool {
	_, err := os.Lstat(d.Receipt)
	return err == nil
}

// write leaves the receipt, whole or not at all.
func (d defaultNetwork) write() error {
	if err := os.MkdirAll(filepath.Dir(d.Receipt), 0o700); err != nil {
		return fmt.Errorf("directory for the receipt of libvirt's installation: %w", err)
	}
	text := "wiabctl installs libvirt on a host without one; its network default comes with it.\n"
	if err := renameio.WriteFile(d.Receipt, []byte(text), 0o600, renameio.IgnoreUmask()); err != nil {
		return fmt.Errorf("receipt of libvirt's installation: %w", err)
	}
	return nil
}

func (d defaultNetwork) giveUp() error {
	if err := os.Remove(d.Receipt); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("giving up the receipt of libvirt's installation: %w", err)
	}
	return nil
}
