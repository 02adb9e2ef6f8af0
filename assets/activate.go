package assets

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"wiabctl/provision/change"
)

// busyAtMost bounds the wait for what works in the active version: helm-operations.sh may
// take as long.
const busyAtMost = 6 * time.Hour

// activate carries over what belongs to the installation and then lets the link lead
// to this version, from one moment to the next. What works in the active version is
// waited for: cut off, it would leave a half-made cluster, and left alone, its
// receipts would be lost.
func (a Artifact) activate(ctx context.Context, say change.Progress) error {
	seen, err := a.observe()
	if err != nil {
		return err
	}
	if !seen.unpacked {
		return fmt.Errorf("activate %s: it is not unpacked", a.Dir())
	}
	if err := a.succeed(ctx, seen.active, say); err != nil {
		return fmt.Errorf("activate %s: %w", a.Dir(), err)
	}
	part := a.Link() + ".part"
	if leadsToVersion(part) { // left by an interruption
		if err := os.Remove(part); err != nil {
			return err
		}
	}
	if err := os.Symlink(filepath.Base(a.Dir()), part); err != nil {
		return fmt.Errorf("switch %s: %w", a.Link(), err)
	}
	return errors.Join(os.Lchown(part, a.UID, a.GID), os.Rename(part, a.Link()), syncDir(a.Home))
}

// succeed makes this version the heir of the active one, which is only read, and
// notes when.
func (a Artifact) succeed(ctx context.Context, active string, say change.Progress) error {
	home, err := os.OpenRoot(a.Home)
	if err != nil {
		return err
	}
	defer home.Close()
	to, err := openTree(home, filepath.Base(a.Dir()))
	if err != nil {
		return err
	}
	defer to.Close()
	if err := a.inherit(ctx, home, active, to, say); err != nil {
		if full(err) {
			return NoSpace.Failf("there is no room in %s for what belongs to the installation: %w", a.Dir(), err)
		}
		return err
	}
	return errors.Join(a.note(to), syncAll(a.Dir()))
}

// inherit carries what belongs to the installation out of the active version, if
// there is another.
func (a Artifact) inherit(ctx context.Context, home *os.Root, active string, to *os.Root, say change.Progress) error {
	if active == "" || active == filepath.Base(a.Dir()) {
		return nil
	}
	from, err := openTree(home, active)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it was deleted by hand
	}
	if err != nil {
		return err
	}
	defer from.Close()
	if err := a.awaitIdle(ctx, active, say); err != nil {
		return err
	}
	say.Sayf("carrying over what belongs to the installation from %s", active)
	return carrier{from: from, to: to}.carry(ctx, a.Belongings)
}

func (a Artifact) awaitIdle(ctx context.Context, active string, say change.Progress) error {
	if a.Idle == nil {
		return nil
	}
	return change.Condition{
		Description: "the work in " + active + " to end",
		Deadline:    busyAtMost,
		Interval:    time.Second,
		Check:       a.Idle,
	}.Await(ctx, say)
}

// note writes into the marker that this version becomes active, and where it is
// configured to come from.
func (a Artifact) note(tree *os.Root) error {
	r, err := readReceipt(a.Dir())
	if err != nil {
		return err
	}
	r.URL, r.Activated = a.Spec.URL, time.Now().UTC()
	return r.write(tree)
}

// openTree opens a version's directory, which a link cannot stand for.
func openTree(home *os.Root, dir string) (*os.Root, error) {
	named, err := directory(home, dir)
	if err != nil {
		return nil, err
	}
	tree, err := home.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	if opened, err := tree.Stat("."); err != nil || !os.SameFile(named, opened) {
		return nil, errors.Join(CarryUnsafe.Failf("%s/%s was replaced while it was being opened", home.Name(), dir), err, tree.Close())
	}
	return tree, nil
}

// leadsToVersion tells whether path is a link such as we make.
func leadsToVersion(path string) bool {
	target, err := os.Readlink(path)
	return err == nil && version.MatchString(target)
}
