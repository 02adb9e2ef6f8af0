package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"wiabctl/provision/change"
)

// remove wants the packages purged that our own installation brought.
func (i installer) remove(ctx context.Context) ([]change.Change, error) {
	packages, _, err := i.removal(ctx)
	if err != nil || len(packages) == 0 {
		return nil, err
	}
	return []change.Change{{Verb: change.Delete, Subject: fmt.Sprintf("%d packages", len(packages)),
		Reason: "our installation brought them: " + strings.Join(packages, " "), Apply: i.purge}}, nil
}

// removal are the packages to purge, and what apt does to that end. It is refused where
// packages of others would have to go with them.
func (i installer) removal(ctx context.Context) ([]string, []aptStep, error) {
	packages, err := i.Receipt.brought(ctx)
	if err != nil || len(packages) == 0 {
		return nil, nil, err
	}
	names, err := i.Receipt.names() // after an interrupted purge apt may not know yet what dpkg has taken away
	if err != nil {
		return nil, nil, err
	}
	steps, err := aptSimulate(ctx, append([]string{"purge"}, packages...)...)
	if err != nil {
		return nil, nil, PackageFailed.Failf("see what would go with our packages: %w", err)
	}
	var others []string
	for _, s := range steps {
		if s.act != "Conf" && !slices.Contains(names, s.pkg) {
			others = append(others, s.pkg)
		}
	}
	if len(others) > 0 {
		return nil, nil, PackagesNeeded.Failf("packages that wiabctl brought are needed by others: %s", strings.Join(others, " "))
	}
	return packages, steps, nil
}

// purge takes the packages away with their configuration, and then the receipt.
func (i installer) purge(ctx context.Context, say change.Progress) error {
	if err := awaitApt(ctx, say); err != nil {
		return PackageFailed.Failf("%w", err)
	}
	unfinished := settleDpkg(ctx)
	packages, steps, err := i.removal(ctx)
	if err != nil {
		return errors.Join(err, unfinished)
	}
	if err := aptGet(ctx, tellingOf(say, "purge", steps, "Purg"), append([]string{"purge"}, packages...)...); err != nil {
		return PackageFailed.Failf("purge what wiabctl brought: %w", errors.Join(err, unfinished))
	}
	return i.Receipt.forget()
}
