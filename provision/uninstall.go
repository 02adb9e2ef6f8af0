package provision

import (
	"context"
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
	var others []string
	for _, s := range steps {
		if s.act != "Conf" && !slices.Contains(packages, s.pkg) {
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
	args := append([]string{"purge"}, packages...)
	steps, err := aptSimulate(ctx, args...)
	if err == nil {
		err = aptGet(ctx, tellingOf(say, "purge", steps, "Purg"), args...)
	}
	if err != nil {
		return PackageFailed.Failf("purge what wiabctl brought: %w", err)
	}
	return i.Receipt.forget()
}
