package provision

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/crypto/ssh"
)

// authorizedKeys is the file of a user that says whose keys may log in. The home
// belongs to the user, so every step stays below it, whatever links lie there.
type authorizedKeys struct {
	home     string
	uid, gid int
}

const (
	sshDir         = ".ssh"
	authorizedFile = sshDir + "/authorized_keys"
)

// has tells whether the file holds our key by this line and no other, and is the user's
// own, as sshd demands.
func (a authorizedKeys) has(line []byte) (bool, error) {
	content, info, err := a.read()
	if err != nil || info == nil || !bytes.Equal(content, withKey(content, line)) {
		return false, err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(owner.Uid) == a.uid, nil
}

// holds tells whether the key of the line is there, whatever its options.
func (a authorizedKeys) holds(line []byte) (bool, error) {
	content, _, err := a.read()
	return !bytes.Equal(content, withoutKey(content, line)), err
}

// read gives the file's content, and describes the file; nil where there is none.
func (a authorizedKeys) read() (content []byte, info fs.FileInfo, err error) {
	home, err := os.OpenRoot(a.home)
	if err != nil {
		return nil, nil, err
	}
	defer home.Close()
	content, err = home.ReadFile(authorizedFile)
	if err == nil {
		info, err = home.Stat(authorizedFile)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	return content, info, err
}

// add puts the line in, in the place of older ones of the same key.
func (a authorizedKeys) add(line []byte) error {
	return a.rewrite(func(content []byte) []byte { return withKey(content, line) })
}

// drop takes the line's key out, whatever its options. A file that then lets nobody in
// goes, and so does a directory without any other.
func (a authorizedKeys) drop(line []byte) error {
	if err := a.rewrite(func(content []byte) []byte { return withoutKey(content, line) }); err != nil {
		return err
	}
	home, err := os.OpenRoot(a.home)
	if err != nil {
		return err
	}
	defer home.Close()
	if info, err := home.Stat(authorizedFile); err != nil || info.Size() > 0 {
		return err
	}
	if err := home.Remove(authorizedFile); err != nil {
		return err
	}
	_ = home.Remove(sshDir) // it holds more: it stays
	return nil
}

// withKey is the content with exactly this line of its key; it is the content itself if
// that is so already.
func withKey(content, line []byte) []byte {
	others := withoutKey(content, line)
	if len(content) == len(others)+len(line) && bytes.Contains(content, line) {
		return content
	}
	if len(others) > 0 && !bytes.HasSuffix(others, []byte("\n")) {
		others = append(others, '\n')
	}
	return append(others, line...)
}

// withoutKey is the content without the lines that let in whom this line lets in.
func withoutKey(content, line []byte) []byte {
	ours, _, _, _, err := ssh.ParseAuthorizedKey(line)
	if err != nil {
		return content // what is no key lets nobody in
	}
	var others []byte
	for other := range bytes.Lines(content) {
		if key, _, _, _, err := ssh.ParseAuthorizedKey(other); err != nil || !bytes.Equal(key.Marshal(), ours.Marshal()) {
			others = append(others, other...)
		}
	}
	return others
}

// rewrite puts the new content in place whole, owned by the user from the start. A file
// that is there keeps its mode.
func (a authorizedKeys) rewrite(edit func([]byte) []byte) error {
	home, err := os.OpenRoot(a.home)
	if err != nil {
		return err
	}
	defer home.Close()
	if err := a.makeDir(home); err != nil {
		return err
	}
	content, err := home.ReadFile(authorizedFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	const part = authorizedFile + ".wiabctl"
	if err := home.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	mode := fs.FileMode(0o600)
	if info, err := home.Stat(authorizedFile); err == nil {
		mode = info.Mode().Perm()
	}
	file, err := home.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(edit(content))
	if err := errors.Join(err, file.Chmod(mode), file.Chown(a.uid, a.gid), file.Sync(), file.Close()); err != nil {
		return errors.Join(err, home.Remove(part))
	}
	return home.Rename(part, authorizedFile)
}

// makeDir makes the directory, if it is not there. It gets its name when it is the user's: sshd could not read it before.
func (a authorizedKeys) makeDir(home *os.Root) error {
	if _, err := home.Lstat(sshDir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	const part = sshDir + ".wiabctl"
	if err := home.Mkdir(part, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := home.Lchown(part, a.uid, a.gid); err != nil {
		return err
	}
	return home.Rename(part, sshDir)
}
