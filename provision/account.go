package provision

import (
	"context"
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
)

// check finds what would keep wiabctl from working as the deploy user: an account that is
// there already and cannot be used, a sudo that does not read our rule.
func (u deployUser) check(ctx context.Context) error {
	return errors.Join(u.unfit(ctx), sudoersApart("/etc/sudoers"))
}

// unfit is why an account that is there already cannot be the deploy user.
func (u deployUser) unfit(ctx context.Context) error {
	account, err := user.Lookup(u.Name)
	if err != nil {
		return nil //nolint:nilerr // wiabctl makes it
	}
	home, err := os.Stat(account.HomeDir)
	switch {
	case err != nil:
		return UserUnfit.Failf("user %s has no home: %w", u.Name, err)
	case !home.IsDir():
		return UserUnfit.Failf("the home of user %s, %s, is no directory", u.Name, account.HomeDir)
	case home.Mode()&0o022 != 0:
		return UserUnfit.Failf("others may write in the home of user %s, %s (mode %v): sshd accepts no keys there", u.Name, account.HomeDir, home.Mode().Perm())
	}
	entry, err := output(ctx, nil, "getent", "passwd", u.Name)
	if err != nil {
		return UserUnfit.Failf("user %s: %w", u.Name, err)
	}
	shell := strings.TrimSpace(entry[strings.LastIndex(entry, ":")+1:])
	if slices.Contains([]string{"nologin", "false"}, filepath.Base(shell)) {
		return UserUnfit.Failf("user %s may not log in: the shell is %s", u.Name, shell)
	}
	return nil
}
