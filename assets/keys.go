package assets

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"wiabctl/provision/change"
)

// The keys that are not a VM's.
const (
	UserKey  = "user"  // opens the VMs
	AdminKey = "admin" // opens the admin host
)

// HostKey names the key by which a VM proves that it is the one.
func HostKey(vm string) string { return "host-" + vm }

// Keys is the directory of SSH keys: ed25519, each generated once and never
// again. It is known before any VM exists, so no first connection is trusted.
type Keys struct {
	Dir string // /var/lib/wiabctl/keys, 0700
}

// Key is one key pair. Printed, it shows its public half only.
type Key struct {
	Private []byte     // OpenSSH PEM; for files of mode 0600 and seeds, never for logs
	Public  string     // the authorized_keys line, with the key's name, without line break
	Signer  ssh.Signer // signs with Private
	Made    time.Time  // when it was generated
	Former  *Key       // what it replaces, as long as that is not gone everywhere; nil: nothing
}

// String is the public half.
func (k Key) String() string { return k.Public }

// GoString is the public half.
func (k Key) GoString() string { return k.Public }

// Path is the private key's file, for programs that want one.
func (k Keys) Path(name string) string { return filepath.Join(k.Dir, name) }

// Plan is one change if any of the named keys is missing, or if others may look into
// the directory.
func (k Keys) Plan(_ context.Context, names ...string) ([]change.Change, error) {
	var missing []string
	for _, name := range names {
		_, err := k.Load(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing = append(missing, name)
		case err != nil:
			return nil, err
		}
	}
	wanted := change.Change{
		Verb: change.Create, Subject: "SSH keys in " + k.Dir, Reason: "missing: " + strings.Join(missing, ", "),
		Apply: func(context.Context, change.Progress) error { return k.Ensure(missing...) },
	}
	if len(missing) > 0 {
		return []change.Change{wanted}, nil
	}
	info, err := os.Stat(k.Dir)
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return nil, gone(err)
	}
	wanted.Verb, wanted.Reason = change.Update, fmt.Sprintf("others may look into the directory: its mode is %04o", info.Mode().Perm())
	return []change.Change{wanted}, nil
}

// Ensure generates those of the named keys that don't exist yet.
func (k Keys) Ensure(names ...string) error {
	if err := os.MkdirAll(k.Dir, 0o700); err != nil {
		return fmt.Errorf("make the key directory: %w", err)
	}
	if err := os.Chmod(k.Dir, 0o700); err != nil {
		return fmt.Errorf("close the key directory: %w", err)
	}
	for _, name := range names {
		if _, err := k.Load(name); !errors.Is(err, fs.ErrNotExist) {
			if err != nil {
				return err
			}
			continue
		}
		if err := k.generate(name); err != nil {
			return fmt.Errorf("generate SSH key %s: %w", name, err)
		}
	}
	return syncDir(k.Dir)
}

// generate writes a new key under a name of its own and links it to its final
// one, which fails if another was quicker: no key is ever overwritten.
func (k Keys) generate(name string) error {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	block, err := ssh.MarshalPrivateKey(private, comment(name))
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(k.Dir, ".new-") // 0600 from the start
	if err != nil {
		return err
	}
	_, err = temp.Write(pem.EncodeToMemory(block))
	err = errors.Join(err, temp.Sync(), temp.Close())
	if err == nil {
		err = os.Link(temp.Name(), k.Path(name))
	}
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	return errors.Join(err, os.Remove(temp.Name()))
}

var keyName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,99}$`)

// Load reads a key, with the one that it replaces. fs.ErrNotExist says that it is not
// generated yet; one that others may read, or that is no key, is KeyUnusable.
func (k Keys) Load(name string) (Key, error) {
	if !keyName.MatchString(name) {
		return Key{}, fmt.Errorf("%q is not a key's name", name)
	}
	key, err := ReadKey(k.Path(name))
	if err != nil {
		return Key{}, err
	}
	switch former, err := ReadKey(k.retired().Path(name)); {
	case err == nil && former.Public != key.Public: // else it is about to be replaced
		key.Former = &former
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return Key{}, err
	}
	return key, nil
}

// ReadKey reads the key in a file. fs.ErrNotExist says that there is none; one that
// others may read, or that is no key, is KeyUnusable.
func ReadKey(path string) (Key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Key{}, fmt.Errorf("SSH key: %w", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return Key{}, KeyUnusable.Failf("%s has mode %s: a private key is a file that only its owner may read (0600)", path, info.Mode())
	}
	private, err := os.ReadFile(path)
	if err != nil {
		return Key{}, fmt.Errorf("SSH key: %w", err)
	}
	signer, err := ssh.ParsePrivateKey(private)
	if err != nil {
		return Key{}, KeyUnusable.Failf("%s holds no private key without a passphrase: %w", path, err)
	}
	public := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
	return Key{Private: private, Public: public + " " + comment(filepath.Base(path)), Signer: signer, Made: info.ModTime()}, nil
}

// comment tells a person whose key it is.
func comment(name string) string { return "wiabctl-" + name }
