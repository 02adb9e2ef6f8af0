package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"wiabctl/provision/change"
)

// remove wants the packages purged that our own installation brought. It refuses where
// others would have to go with them.
func (i installer) remove(ctx context.Context) ([]change.Change, error) {
	packages, err := i.Receipt.brought(ctx)
	if err != nil || len(packages) == 0 {
		return nil, err
	}
	steps, err := aptSimulate(ctx, append([]string{"purge"}, packages...)...)
	if err != nil {
		return nil, PackageFailed.Failf("see what would go with our packages: %w", err)
	}
	names, err := i.Receipt.names() // apt does not know yet what an interrupted purge has taken away
	if err != nil {
		return nil, err
	}
	var others []string
	for _, s := range steps {
		if s.act != "Conf" && !slices.Contains(names, s.pkg) {
			others = append(others, s.pkg)
		}
	}
	if len(others) > 0 {
		return nil, PackagesNeeded.Failf("packages that wiabctl brought are needed by others: %s", strings.Join(others, " "))
	}
	return []change.Change{{Verb: change.Delete, Subject: fmt.Sprintf("%d packages", len(packages)),
		Reason: "our installation brought them: " + strings.Join(packages, " "), Apply: i.purge}}, nil
}

// purge takes the packages away with their configuration, and then the receipt.
func (i installer) purge(ctx context.Context, say change.Progress) error {
	if err := awaitApt(ctx, say); err != nil {
		return PackageFailed.Failf("%w", err)
	}
	packages, err := i.Receipt.brought(ctx)
	if err != nil {
		return err
	}
	unfinished := settleDpkg(ctx)
	args := append([]string{"purge"}, packages...)
	steps, err := aptSimulate(ctx, args...)
	if err == nil {
		err = aptGet(ctx, tellingOf(say, "purge", steps, "Purg"), args...)
	}
	if err != nil {
		return PackageFailed.Failf("purge what wiabctl brought: %w", errors.Join(err, unfinished))
	}
	return i.Receipt.forget()
}
