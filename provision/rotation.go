package provision

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"wiabctl/assets"
	"wiabctl/cluster"
	"wiabctl/provision/change"
	"wiabctl/vm"
)

// rotation is what is left to do of a replacement of SSH keys that has begun. The new
// keys are made already; the stages bring them everywhere, as they bring everything
// else: host puts them in their places, vms gives them to the VMs, inventory to Ansible.
type rotation struct {
	keys  assets.Keys
	user  deployUser
	admin func() (cluster.Target, error) // the admin host, as the deploy user
}

func (i *Installation) rotation() rotation {
	return rotation{keys: i.keys(), user: i.deployUser(), admin: i.adminTarget}
}

// unfinished names the keys that are being replaced, sorted.
func (r rotation) unfinished() ([]string, error) {
	next, err := r.keys.Next()
	if err != nil {
		return nil, err
	}
	retired, err := r.keys.Retired()
	all := slices.Concat(next, retired)
	slices.Sort(all)
	return slices.Compact(all), err
}

// host wants the new keys in their places, and this host to know the new admin key only.
func (r rotation) host() ([]change.Change, error) {
	next, err := r.keys.Next()
	if err != nil {
		return nil, err
	}
	var changes []change.Change
	if len(next) > 0 {
		changes = append(changes, change.Change{Verb: change.Replace, Subject: "SSH keys in " + r.keys.Dir, Reason: "new ones are made: " + strings.Join(next, ", "),
			Apply: func(context.Context, change.Progress) error { return r.adopt(next) }})
	}
	unfinished, err := r.unfinished()
	if slices.Contains(unfinished, assets.AdminKey) {
		changes = append(changes, change.Change{Verb: change.Delete, Subject: "our old key for " + r.user.Name, Reason: "a new one takes its place", Apply: r.replaceAdmin})
	}
	return changes, err
}

func (r rotation) adopt(names []string) error {
	for _, name := range names {
		if err := r.keys.Adopt(name); err != nil {
			return err
		}
	}
	return nil
}

// replaceAdmin takes the old key away when the new one has opened this host.
func (r rotation) replaceAdmin(ctx context.Context, say change.Progress) error {
	key, err := r.keys.Load(assets.AdminKey)
	if err != nil {
		return err
	}
	if key.Former == nil { // there was none to replace
		return r.keys.Forget(assets.AdminKey)
	}
	if err := r.user.withKeys(authorizedKeys.add)(ctx, say); err != nil {
		return err
	}
	target, err := r.admin()
	if err != nil {
		return err
	}
	if err := target.Renewed(ctx); err != nil {
		return err
	}
	file, err := r.user.authorizedKeys()
	if err != nil {
		return err
	}
	if err := file.drop(ssh.MarshalAuthorizedKey(key.Former.Signer.PublicKey())); err != nil {
		return err
	}
	if err := target.Refuses(ctx); err != nil {
		return err
	}
	return r.keys.Forget(assets.AdminKey)
}

// vms wants the old keys of the VMs to be forgotten. It stands after the changes that
// let each VM refuse them.
func (r rotation) vms() ([]change.Change, error) {
	retired, err := r.keys.Retired()
	old := slices.DeleteFunc(retired, func(name string) bool { return name == assets.AdminKey })
	if err != nil || len(old) == 0 {
		return nil, err
	}
	return []change.Change{{Verb: change.Delete, Subject: "old SSH keys of the VMs", Reason: "no VM has them any more: " + strings.Join(old, ", "),
		Apply: func(context.Context, change.Progress) error { return r.keys.Forget(old...) }}}, nil
}

// rekey puts the VM's keys in the place of their predecessors.
func (i *Installation) rekey(ctx context.Context, m vm.Machine) error {
	target, err := i.target(m)
	if err != nil {
		return err
	}
	keys, err := i.machineKeys(m.Name)
	if err != nil {
		return err
	}
	return cluster.Rekey{Target: target, Line: keys.Authorized[0], Prove: []byte(keys.HostPrivate)}.Do(ctx)
}
