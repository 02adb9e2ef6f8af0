package provision

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"

	"golang.org/x/crypto/ssh"

	"wiabctl/assets"
	"wiabctl/cluster"
	"wiabctl/provision/change"
	"wiabctl/vm"
)

// keys are the installation's SSH keys.
func (i *Installation) keys() assets.Keys { return assets.Keys{Dir: filepath.Join(stateDir, "keys")} }

// machineKeys are what a VM's seed brings.
func (i *Installation) machineKeys(name string) (vm.Keys, error) {
	user, err := i.keys().Load(assets.UserKey)
	if err != nil {
		return vm.Keys{}, err
	}
	host, err := i.keys().Load(assets.HostKey(name))
	if err != nil {
		return vm.Keys{}, err
	}
	keys := seedKeys(user, host)
	if user.Former != nil || host.Former != nil {
		former := seedKeys(former(user), former(host))
		keys.Former = &former
	}
	return keys, nil
}

func seedKeys(user, host assets.Key) vm.Keys {
	return vm.Keys{Authorized: []string{user.Public}, HostPrivate: string(host.Private), HostPublic: host.Public}
}

// former is the key that this one replaces, or the key itself.
func former(key assets.Key) assets.Key {
	if key.Former == nil {
		return key
	}
	return *key.Former
}

// target is a VM, as SSH reaches it: while keys are replaced, by the old ones too.
func (i *Installation) target(m vm.Machine) (cluster.Target, error) {
	user, err := i.provider.userKey()
	if err != nil {
		return cluster.Target{}, err
	}
	target := cluster.Target{Name: m.Name, Address: net.JoinHostPort(m.Address.String(), sshPort), User: m.User, Key: user.Signer}
	if user.Former != nil {
		target.OldKey = user.Former.Signer
	}
	target.HostKey, target.OldHostKey, err = i.provider.hostKey(m)
	return target, err
}

// probe asks a VM over SSH whether it is ready.
func (i *Installation) probe(ctx context.Context, m vm.Machine) error {
	target, err := i.target(m)
	if err != nil {
		return err
	}
	return target.Ready(ctx)
}

// awaitReady waits until a VM is ready.
func (i *Installation) awaitReady(ctx context.Context, m vm.Machine, missing func(error)) error {
	target, err := i.target(m)
	if err != nil {
		return err
	}
	return target.AwaitReady(ctx, missing)
}

// adminTarget is the KVM host itself, over loopback, with the host key that its
// own sshd uses.
func (i *Installation) adminTarget() (cluster.Target, error) {
	if _, err := user.Lookup(i.config.Host.User); err != nil {
		return cluster.Target{}, fmt.Errorf("the deploy user: %w", change.ErrNotInstalled)
	}
	key, err := i.keys().Load(assets.AdminKey)
	if errors.Is(err, fs.ErrNotExist) {
		return cluster.Target{}, fmt.Errorf("the key to the admin host: %w", change.ErrNotInstalled)
	}
	if err != nil {
		return cluster.Target{}, err
	}
	line, err := os.ReadFile("/etc/ssh/ssh_host_ed25519_key.pub")
	if err != nil {
		return cluster.Target{}, HostKeyMissing.Failf("the host's own SSH key: %w", err)
	}
	hostKey, _, _, _, err := ssh.ParseAuthorizedKey(line)
	if err != nil {
		return cluster.Target{}, HostKeyMissing.Failf("the host's own SSH key: %w", err)
	}
	target := cluster.Target{Name: "admin host", Address: net.JoinHostPort(sshHost, sshPort),
		User: i.config.Host.User, Key: key.Signer, HostKey: hostKey}
	if key.Former != nil {
		target.OldKey = key.Former.Signer
	}
	return target, nil
}

func (i *Installation) inventoryKeys() (cluster.Keys, error) {
	user, err := i.provider.userKey()
	if err != nil {
		return cluster.Keys{}, err
	}
	keys := cluster.Keys{User: user.Private, Hosts: map[string]ssh.PublicKey{}}
	for _, m := range i.vms() {
		if keys.Hosts[m.Name], _, err = i.provider.hostKey(m); err != nil {
			return cluster.Keys{}, err
		}
	}
	return keys, nil
}
