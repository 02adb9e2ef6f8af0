package provision

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"wiabctl/provision/change"
)

// installer installs the packages that are missing, and takes those away again. That apt was begun and
// not seen to end, its receipt says: files that prove a package lie there before it is configured.
type installer struct {
	Needs   []need
	Upgrade bool // all packages of the host, to their newest versions
	Receipt packageReceipt
}

// plan wants the missing packages installed.
func (i installer) plan() []change.Change {
	missing := missingOf(i.Needs)
	switch {
	case len(missing) > 0:
		return []change.Change{{Verb: change.Create, Subject: "packages", Reason: "missing: " + strings.Join(missing, " "), Apply: i.install}}
	case i.Receipt.interrupted():
		return []change.Change{{Verb: change.Update, Subject: "packages", Reason: "their installation was interrupted", Apply: i.install}}
	}
	return nil
}

// planUpgrade wants the host's packages upgraded where that is asked for and apt knows of
// newer ones; it may learn of them while it installs what is missing.
func (i installer) planUpgrade(ctx context.Context, installing bool) ([]change.Change, error) {
	if !i.Upgrade {
		return nil, nil
	}
	steps, err := aptSimulate(ctx, "dist-upgrade")
	if err != nil && !installing { // what was interrupted is completed first
		return nil, PackageFailed.Failf("see what an upgrade would do: %w", err)
	}
	reason := "host.upgrade is set, and the lists of packages are about to be refreshed"
	switch newer := arrivals(steps); {
	case len(newer) > 0:
		reason = fmt.Sprintf("host.upgrade is set, and there are newer ones: %s", strings.Join(newer, " "))
	case !installing:
		return nil, nil
	}
	return []change.Change{{Verb: change.Update, Subject: "all packages of this host", Reason: reason, Apply: i.upgrade}}, nil
}

func (installer) upgrade(ctx context.Context, say change.Progress) error {
	if err := aptUpdate(ctx, say); err != nil {
		return err
	}
	steps, err := aptSimulate(ctx, "dist-upgrade")
	if err == nil {
		err = aptGet(ctx, tellingOf(say, "upgrade", steps, "Conf"), "dist-upgrade")
	}
	if err != nil {
		return PackageFailed.Failf("upgrade all packages: %w", err)
	}
	return nil
}

// install completes what was interrupted, then brings what is missing. Nothing that is
// there is removed for it, and nothing upgraded that the newcomers can do without.
func (i installer) install(ctx context.Context, say change.Progress) error {
	if err := awaitApt(ctx, say); err != nil {
		return PackageFailed.Failf("%w", err)
	}
	// What depends on packages that never arrived cannot be configured yet; apt completes that below.
	unfinished := run(prepare(ctx, aptEnvironment(), "dpkg", "--configure", "--pending"), nil)
	if missing := missingOf(i.Needs); len(missing) > 0 || unfinished != nil {
		if err := aptUpdate(ctx, say); err != nil {
			return errors.Join(err, unfinished)
		}
		if err := i.bring(ctx, say, missing); err != nil {
			return PackageFailed.Failf("install %s: %w", strings.Join(missing, " "), errors.Join(err, unfinished))
		}
	}
	if left := missingOf(i.Needs); len(left) > 0 {
		return PackageFailed.Failf("installed, but still missing: %s", strings.Join(left, " "))
	}
	return i.Receipt.settle(ctx)
}

// bring installs the packages; what will come with them is noted first.
func (i installer) bring(ctx context.Context, say change.Progress, packages []string) error {
	args := append([]string{"install", "--fix-broken", "--no-install-recommends", "--no-remove"}, packages...)
	steps, err := aptSimulate(ctx, args...)
	if err != nil {
		return err
	}
	if err := i.Receipt.begin(newcomers(steps)); err != nil {
		return err
	}
	return aptGet(ctx, tellingOf(say, "install", steps, "Conf"), args...)
}
