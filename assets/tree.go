package assets

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
)

// tree is a directory that an archive is unpacked to. Its root does not let any
// name out, whatever links lie in it.
type tree struct {
	root     *os.Root
	uid, gid int
	links    map[string]bool // the symbolic links made so far
	left     int64           // bytes that may still be written
}

// errFull says that the archive holds more than there is room for.
var errFull = errors.New("it needs more space than there is")

// unsafe is a member that a well-meant archive doesn't hold.
type unsafe struct{ name, problem string }

func (u *unsafe) Error() string { return fmt.Sprintf("member %q %s", u.name, u.problem) }

// add makes one member.
func (t *tree) add(header *tar.Header, content io.Reader) error {
	place, err := memberPath(header.Name)
	if err == nil {
		err = t.parents(place)
	}
	if err == nil && place == "." && header.Typeflag != tar.TypeDir {
		err = errors.New("takes the place of the whole tree")
	}
	if err != nil {
		return &unsafe{header.Name, err.Error()}
	}
	mode := header.FileInfo().Mode().Perm() &^ 0o002 // nobody else may write
	switch header.Typeflag {
	case tar.TypeDir:
		return t.directory(place, mode|0o700)
	case tar.TypeReg:
		return t.file(place, mode|0o600, header.Size, content)
	case tar.TypeSymlink:
		return t.symlink(header.Name, place, header.Linkname)
	case tar.TypeLink:
		return t.hardlink(header.Name, place, header.Linkname)
	default:
		return &unsafe{header.Name, fmt.Sprintf("is of type %q: neither file, directory nor link", header.Typeflag)}
	}
}

// parents refuses a place below a link: where that is depends on the link.
func (t *tree) parents(place string) error {
	for dir := path.Dir(place); dir != "."; dir = path.Dir(dir) {
		if t.links[dir] {
			return fmt.Errorf("lies below %s, which is a link", dir)
		}
	}
	return nil
}

func (t *tree) directory(place string, mode fs.FileMode) error {
	if t.links[place] {
		return &unsafe{place, "is a directory and a link"}
	}
	if err := t.above(place); err != nil {
		return err
	}
	if err := t.root.Mkdir(place, mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return errors.Join(t.root.Chmod(place, mode), t.own(place))
}

func (t *tree) file(place string, mode fs.FileMode, size int64, content io.Reader) error {
	if t.left -= size; t.left < 0 {
		return errFull
	}
	if err := t.clear(place); err != nil {
		return err
	}
	file, err := t.root.OpenFile(place, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Chmod(mode), file.Close(), t.own(place))
}

func (t *tree) symlink(name, place, target string) error {
	if err := symlinkTarget(place, target); err != nil {
		return &unsafe{name, err.Error()}
	}
	if err := t.clear(place); err != nil {
		return err
	}
	t.links[place] = true
	return errors.Join(t.root.Symlink(target, place), t.own(place))
}

// hardlink allows a second name for a file of the archive itself. A second name
// for a link would move it to where its target is another.
func (t *tree) hardlink(name, place, target string) error {
	from, err := memberPath(target)
	if err == nil {
		err = t.parents(from)
	}
	if err != nil {
		return &unsafe{name, fmt.Sprintf("is a link to %q, which %v", target, err)}
	}
	info, err := t.root.Lstat(from)
	if err != nil || !info.Mode().IsRegular() {
		return &unsafe{name, fmt.Sprintf("is a link to %q, which is no file of this archive", target)}
	}
	if from == place {
		return nil
	}
	if err := t.clear(place); err != nil {
		return err
	}
	return t.root.Link(from, place)
}

// clear makes way for a member: what is above it exists, and an earlier one of
// its name goes unless it is a directory.
func (t *tree) clear(place string) error {
	if err := t.above(place); err != nil {
		return err
	}
	info, err := t.root.Lstat(place)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return &unsafe{place, "is a directory and something else"}
	}
	delete(t.links, place)
	return t.root.Remove(place)
}

// above makes the directories that the archive doesn't name itself.
func (t *tree) above(place string) error {
	dir := path.Dir(place)
	if dir == "." {
		return nil
	}
	if _, err := t.root.Lstat(dir); err == nil {
		return nil
	}
	return t.directory(dir, 0o755)
}

// own gives a member to the deploy user.
func (t *tree) own(place string) error {
	if t.uid == os.Geteuid() && t.gid == os.Getegid() {
		return nil
	}
	return t.root.Lchown(place, t.uid, t.gid)
}
