package assets

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
)

// carrier brings what belongs to the installation from one version's tree to
// another's. Both trees are the deploy user's, who may have put links anywhere: no
// name leads out of their roots, and no link is followed.
type carrier struct{ from, to *os.Root }

// carry makes the places that the patterns name in the target what they are in the
// source: what the source lacks is gone from the target too. Interrupted, it is
// repeated from the start; the source is only read.
func (c carrier) carry(ctx context.Context, patterns []string) error {
	for _, pattern := range patterns {
		if err := c.clear(pattern); err != nil {
			return err
		}
	}
	for _, pattern := range patterns {
		places, err := named(c.from, pattern)
		if err != nil {
			return err
		}
		for _, place := range places {
			if err := c.parents(place); err != nil {
				return err
			}
			if err := c.copy(ctx, place); err != nil {
				return err
			}
		}
	}
	return nil
}

// named are the places of a tree that a pattern of path.Match names. One that lies
// below a link is an error: where it is depends on the link.
func named(root *os.Root, pattern string) (places []string, err error) {
	places = []string{pattern}
	if fixed, _, wild := strings.Cut(pattern, "*"); wild {
		if err := above(root, fixed); err != nil {
			return nil, gone(err)
		}
		if places, err = fs.Glob(root.FS(), pattern); err != nil {
			return nil, err
		}
	}
	var there []string
	for _, place := range places {
		err := above(root, place)
		if err == nil {
			_, err = root.Lstat(place)
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		default:
			there = append(there, place)
		}
	}
	return there, nil
}

// above demands that all above a place are directories.
func above(root *os.Root, place string) error {
	dir := path.Dir(place)
	if dir == "." {
		return nil
	}
	if err := above(root, dir); err != nil {
		return err
	}
	_, err := directory(root, dir)
	return err
}

// directory describes what is a directory and no link to one.
func directory(root *os.Root, place string) (fs.FileInfo, error) {
	info, err := root.Lstat(place)
	if err == nil && !info.IsDir() {
		err = CarryUnsafe.Failf("%s/%s is no directory", root.Name(), place)
	}
	return info, err
}

func (c carrier) clear(pattern string) error {
	places, err := named(c.to, pattern)
	for _, place := range places {
		err = errors.Join(err, c.to.RemoveAll(place))
	}
	return err
}

// parents makes the directories above a place that the target lacks, with the
// source's owner and mode.
func (c carrier) parents(place string) error {
	dir := path.Dir(place)
	if dir == "." {
		return nil
	}
	if err := c.parents(dir); err != nil {
		return err
	}
	if _, err := directory(c.to, dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return c.directory(dir)
}

func (c carrier) copy(ctx context.Context, place string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	info, err := c.from.Lstat(place)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return c.tree(ctx, place)
	case info.Mode().IsRegular():
		return c.file(place)
	case info.Mode().Type() == fs.ModeSymlink:
		return c.link(place)
	default:
		return CarryUnsafe.Failf("%s/%s is neither file, directory nor link", c.from.Name(), place)
	}
}

func (c carrier) tree(ctx context.Context, place string) error {
	entries, err := fs.ReadDir(c.from.FS(), place)
	if err != nil {
		return err
	}
	if err := c.directory(place); err != nil {
		return err
	}
	for _, e := range entries {
		if err := c.copy(ctx, path.Join(place, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func (c carrier) directory(place string) error {
	info, err := directory(c.from, place)
	if err != nil {
		return err
	}
	if err := c.to.Mkdir(place, 0o700); err != nil {
		return err
	}
	uid, gid := owner(info)
	return errors.Join(c.to.Lchown(place, uid, gid), c.to.Chmod(place, info.Mode().Perm()))
}

// file copies a file. Nobody but root reads the copy before it has its owner, and
// nobody whom the original keeps out reads it after.
func (c carrier) file(place string) error {
	// Somebody may put a pipe here at any moment: opening it must not wait for a writer.
	from, err := c.from.OpenFile(place, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer from.Close()
	info, err := from.Stat()
	if err != nil {
		return err
	}
	named, err := c.from.Lstat(place)
	if err != nil {
		return CarryUnsafe.Failf("%s cannot be looked at again: %w", from.Name(), err)
	}
	if !info.Mode().IsRegular() || !os.SameFile(named, info) {
		return CarryUnsafe.Failf("%s was replaced while it was being copied", from.Name())
	}
	to, err := c.to.OpenFile(place, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	uid, gid := owner(info)
	return errors.Join(err, to.Chown(uid, gid), to.Chmod(info.Mode().Perm()), to.Close())
}

// link copies a link as such, if where it leads is part of every version.
func (c carrier) link(place string) error {
	info, err := c.from.Lstat(place)
	if err != nil {
		return err
	}
	target, err := c.from.Readlink(place)
	if err != nil {
		return err
	}
	if err := symlinkTarget(place, target); err != nil {
		return CarryUnsafe.Failf("%s/%s %w", c.from.Name(), place, err)
	}
	uid, gid := owner(info)
	return errors.Join(c.to.Symlink(target, place), c.to.Lchown(place, uid, gid))
}

// owner is who a file belongs to.
func owner(info fs.FileInfo) (uid, gid int) {
	stat := info.Sys().(*syscall.Stat_t) //nolint:forcetypeassert // so it is on Linux
	return int(stat.Uid), int(stat.Gid)
}
