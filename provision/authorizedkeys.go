package provision

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"syscall"
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

// has tells whether the file holds the line and is the user's own, as sshd demands.
func (a authorizedKeys) has(line []byte) (bool, error) {
	home, err := os.OpenRoot(a.home)
	if err != nil {
		return false, err
	}
	defer home.Close()
	content, err := home.ReadFile(authorizedFile)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil || !bytes.Contains(content, line) {
		return false, err
	}
	info, err := home.Stat(authorizedFile)
	if err != nil {
		return false, err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(owner.Uid) == a.uid, nil
}

// add appends the line.
func (a authorizedKeys) add(line []byte) error {
	return a.rewrite(func(content []byte) []byte {
		if bytes.Contains(content, line) {
			return content
		}
		if len(content) > 0 && !bytes.HasSuffix(content, []byte("\n")) {
			content = append(content, '\n')
		}
		return append(content, line...)
	})
}

// drop takes the line out.
func (a authorizedKeys) drop(line []byte) error {
	return a.rewrite(func(content []byte) []byte { return bytes.ReplaceAll(content, line, nil) })
}

// rewrite puts the new content in place whole, owned by the user from the start.
func (a authorizedKeys) rewrite(edit func([]byte) []byte) error {
	home, err := os.OpenRoot(a.home)
	if err != nil {
		return err
	}
	defer home.Close()
	if err := home.Mkdir(sshDir, 0o700); err == nil {
		err = home.Lchown(sshDir, a.uid, a.gid)
		if err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrExist) {
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
	file, err := home.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(edit(content))
	if err := errors.Join(err, file.Chown(a.uid, a.gid), file.Sync(), file.Close()); err != nil {
		return errors.Join(err, home.Remove(part))
	}
	return home.Rename(part, authorizedFile)
}
