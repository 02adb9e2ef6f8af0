package provision

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"time"

	"wiabctl/provision/change"
)

// deployUser is the account that owns the deploy directory and runs upstream's
// scripts, and that wiabctl logs in as.
type deployUser struct {
	Name string
	// Key is the line for authorized_keys; fs.ErrNotExist until it is generated.
	Key func() ([]byte, error)
	// Leave ends our own session of the account.
	Leave func() error
}

// userMark in the account's comment field says that we made it.
const userMark = "wiabctl deploy user"

// home is the account's home directory, or where it will be.
func (u deployUser) home() string {
	if account, err := user.Lookup(u.Name); err == nil {
		return account.HomeDir
	}
	return filepath.Join("/home", u.Name)
}

// ids are the numbers of the account and its group.
func (u deployUser) ids() (uid, gid int, err error) {
	account, err := user.Lookup(u.Name)
	if err != nil {
		return 0, 0, err
	}
	uid, err = strconv.Atoi(account.Uid)
	if err != nil {
		return 0, 0, err
	}
	gid, err = strconv.Atoi(account.Gid)
	return uid, gid, err
}

func (u deployUser) authorizedKeys() (authorizedKeys, error) {
	uid, gid, err := u.ids()
	return authorizedKeys{home: u.home(), uid: uid, gid: gid}, err
}

// plan wants the account, its way in and its sudo.
func (u deployUser) plan() ([]change.Change, error) {
	var changes []change.Change
	if _, err := user.Lookup(u.Name); err != nil {
		changes = append(changes, change.Change{Verb: change.Create, Subject: "user " + u.Name, Reason: "the deploy user does not exist", Apply: u.create})
	}
	if reason := u.sudoersDrift(); reason != "" {
		changes = append(changes, change.Change{Verb: change.Create, Subject: "file " + sudoersFile, Reason: reason, Apply: u.writeSudoers})
	}
	authorized, err := u.authorized(authorizedKeys.has)
	if err != nil {
		return nil, err
	}
	if !authorized {
		changes = append(changes, change.Change{Verb: change.Create, Subject: "our key for " + u.Name, Reason: "wiabctl logs in as " + u.Name, Apply: u.withKeys(authorizedKeys.add)})
	}
	return changes, nil
}

func (u deployUser) create(ctx context.Context, say change.Progress) error {
	return command(ctx, say, "useradd", "--create-home", "--key", "HOME_MODE=0750", "--shell", "/bin/bash", "--comment", userMark, u.Name)
}

// authorized asks the account's authorized keys something about our line.
func (u deployUser) authorized(ask func(authorizedKeys, []byte) (bool, error)) (bool, error) {
	key, err := u.Key()
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	keys, err := u.authorizedKeys()
	if err != nil {
		return false, nil //nolint:nilerr // no account yet, so nobody is authorized
	}
	return ask(keys, key)
}

// withKeys is the change that edits the account's authorized keys by our line.
func (u deployUser) withKeys(edit func(authorizedKeys, []byte) error) func(context.Context, change.Progress) error {
	return func(context.Context, change.Progress) error {
		key, err := u.Key()
		if err != nil {
			return err
		}
		keys, err := u.authorizedKeys()
		if err != nil {
			return err
		}
		return edit(keys, key)
	}
}

// remove takes the sudo rule away, and the account if we made it, else our key.
func (u deployUser) remove() ([]change.Change, error) {
	var changes []change.Change
	if _, err := os.Stat(sudoersFile); err == nil {
		changes = append(changes, change.Change{Verb: change.Delete, Subject: "file " + sudoersFile, Reason: "wiabctl made it",
			Apply: func(context.Context, change.Progress) error { return os.Remove(sudoersFile) }})
	}
	account, err := user.Lookup(u.Name)
	if err != nil {
		return changes, nil //nolint:nilerr // no account, nothing to remove
	}
	if account.Name == userMark {
		return append(changes, change.Change{Verb: change.Delete, Subject: "user " + u.Name, Reason: "wiabctl made it", Apply: u.delete}), nil
	}
	authorized, err := u.authorized(authorizedKeys.holds)
	if err != nil || !authorized {
		return changes, err
	}
	return append(changes, change.Change{Verb: change.Delete, Subject: "our key for " + u.Name, Reason: "wiabctl put it there", Apply: u.withKeys(authorizedKeys.drop)}), nil
}

// delete waits for the account's last process, for userdel refuses while one lives.
func (u deployUser) delete(ctx context.Context, say change.Progress) error {
	if err := u.Leave(); err != nil {
		return err
	}
	return change.Condition{
		Description: "user " + u.Name + " to be deleted",
		Deadline:    30 * time.Second,
		Interval:    200 * time.Millisecond,
		Check: func(ctx context.Context) error {
			_ = command(ctx, nil, "loginctl", "terminate-user", u.Name) // fails when there is no session, which is what we want
			return command(ctx, nil, "userdel", "--remove", u.Name)
		},
	}.Await(ctx, say)
}
