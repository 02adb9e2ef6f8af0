package provision

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"
)

// packageReceipt remembers the packages that our own installation brought to this host,
// dependencies included, one a line: it alone tells them from those that were there.
type packageReceipt struct{ File string }

// begun holds what apt is about to bring, from before it begins until it has ended.
func (r packageReceipt) begun() string { return r.File + ".begun" }

// interrupted says whether apt was begun and not seen to end.
func (r packageReceipt) interrupted() bool {
	_, err := os.Lstat(r.begun())
	return err == nil
}

// files are those of the two that are there.
func (r packageReceipt) files() []string {
	return slices.DeleteFunc([]string{r.File, r.begun()}, func(file string) bool {
		_, err := os.Lstat(file)
		return err != nil
	})
}

// begin notes what apt is about to bring, beside what an interrupted one was about to.
func (r packageReceipt) begin(coming []string) error {
	before, err := r.read(r.begun())
	if err != nil {
		return err
	}
	return r.write(r.begun(), append(before, coming...))
}

// settle notes what apt has brought, and that it has ended.
func (r packageReceipt) settle(ctx context.Context) error {
	brought, err := r.brought(ctx)
	if err != nil {
		return err
	}
	if err := r.write(r.File, brought); err != nil {
		return err
	}
	return errors.Join(r.giveUp(r.begun()), r.fade(ctx))
}

// fade gives the receipt up where it has nothing to say any more: all that was brought
// is gone.
func (r packageReceipt) fade(ctx context.Context) error {
	brought, err := r.brought(ctx)
	if err != nil || len(brought) > 0 {
		return err
	}
	return r.forget()
}

// names are all packages of the receipt.
func (r packageReceipt) names() ([]string, error) {
	ended, err := r.read(r.File)
	if err != nil {
		return nil, err
	}
	coming, err := r.read(r.begun())
	return append(ended, coming...), err
}

// brought are the packages that our installation brought, also one that was
// interrupted, as far as dpkg still knows them.
func (r packageReceipt) brought(ctx context.Context) ([]string, error) {
	names, err := r.names()
	if err != nil || len(names) == 0 {
		return nil, err
	}
	known, err := knownPackages(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(names, func(pkg string) bool { return !known[pkg] }), nil
}

// forget gives the receipt up.
func (r packageReceipt) forget() error { return errors.Join(r.giveUp(r.File), r.giveUp(r.begun())) }

func (packageReceipt) giveUp(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("giving up the receipt of packages: %w", err)
	}
	return nil
}

func (packageReceipt) read(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("receipt of packages: %w", err)
	}
	return strings.Fields(string(text)), nil
}

// write puts the names in place whole, sorted and without repetitions.
func (packageReceipt) write(file string, names []string) error {
	slices.Sort(names)
	names = slices.Compact(names)
	err := os.MkdirAll(filepath.Dir(file), 0o700)
	if err == nil {
		err = renameio.WriteFile(file, []byte(strings.Join(append(names, ""), "\n")), 0o600, renameio.IgnoreUmask())
	}
	if err != nil {
		return fmt.Errorf("receipt of packages: %w", err)
	}
	return nil
}

// knownPackages are those of which dpkg holds anything, if only their configuration. A
// package of another architecture than the host's bears that behind its name.
func knownPackages(ctx context.Context) (map[string]bool, error) {
	said, err := output(ctx, nil, "dpkg-query", "--show", "--showformat", "${db:Status-Status} ${Package} ${Architecture}\n")
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for line := range strings.Lines(said) {
		if words := strings.Fields(line); len(words) == 3 && words[0] != "not-installed" {
			known[words[1]], known[words[1]+":"+words[2]] = true, true
		}
	}
	return known, nil
}
