package provision

import (
	"context"
	"errors"
	"io/fs"
	"net"

	"github.com/digitalocean/go-libvirt"
	"golang.org/x/crypto/ssh"

	"wiabctl/assets"
	"wiabctl/cluster"
	"wiabctl/vm"
)

// provider is all in which an installation on VMs that wiabctl makes differs from one
// on VMs that are there already.
type provider struct {
	stage    Stage                      // the stage "vms"
	checks   []check                    // what preflight looks at on this host
	outside  []check                    // what it asks the internet
	packages []need                     // what this host lacks for it
	keys     []string                   // the keys that wiabctl makes for it
	userKey  func() (assets.Key, error) // opens the VMs
	// hostKey is a VM's, and the one that it replaces, nil if none.
	hostKey func(vm.Machine) (is, was ssh.PublicKey, err error)
	list    func(context.Context) ([]VM, error)
	mtu     func() (int, error)                                              // of the VMs' interface
	disks   func() ([]string, error)                                         // what tells the VMs' disks apart from those of other VMs
	libvirt func(ctx context.Context, do func(*libvirt.Libvirt) error) error // nil: there is none
	shipped defaultNetwork
	refusal error // why the VMs' hardware is not wiabctl's to handle; nil if it is
}

// choose is the one place that decides where the VMs come from.
func (i *Installation) choose() provider {
	if i.config.VMs.Provider == vm.External {
		return i.foundVMs()
	}
	return i.madeVMs()
}

// madeVMs are VMs on this host's libvirt.
func (i *Installation) madeVMs() provider {
	keys := []string{assets.UserKey}
	for _, m := range i.vms() {
		keys = append(keys, assets.HostKey(m.Name))
	}
	return provider{
		stage: machines{base: i.baseImage(), room: i.room(), snapshots: i.snapshots(), rotation: i.rotation()},
		checks: []check{
			{about: "the snapshots", find: i.snapshots().Check},
			{about: "the hypervisor", find: i.room().CheckHypervisor},
			{about: "the processors' cores", find: i.room().CheckCores, anybody: true},
			{about: "the VMs' room on this host", find: i.room().Check},
			{about: "the base image", find: i.baseImage().Check},
		},
		outside:  []check{{about: "where the base image comes from", find: i.baseImage().CheckSource, serves: []string{"vms"}}},
		packages: hypervisor(),
		keys:     keys,
		userKey: func() (assets.Key, error) {
			key, err := i.keys().Load(assets.UserKey)
			if errors.Is(err, fs.ErrNotExist) {
				err = vm.Missing.Failf("there are no VMs yet: %w", err)
			}
			return key, err
		},
		hostKey: func(m vm.Machine) (is, was ssh.PublicKey, err error) {
			host, err := i.keys().Load(assets.HostKey(m.Name))
			if err != nil {
				return nil, nil, err
			}
			if host.Former != nil {
				was = host.Former.Signer.PublicKey()
			}
			return host.Signer.PublicKey(), was, nil
		},
		list:    i.room().List,
		mtu:     func() (int, error) { return vm.MTU, nil },
		disks:   i.room().Disks,
		libvirt: i.libvirt.Use,
		shipped: i.defaultNetwork(),
	}
}

// foundVMs are VMs that somebody else made; nothing of libvirt is asked or changed.
func (i *Installation) foundVMs() provider {
	access := i.config.VMs.Access
	others := &vm.Others{Machines: i.vms(), Ask: i.ask, MTU: i.config.Network.MTU}
	// That a file is missing means elsewhere that wiabctl has yet to make it.
	userKey := func() (assets.Key, error) {
		key, err := assets.ReadKey(access.Key)
		if errors.Is(err, fs.ErrNotExist) {
			err = assets.KeyUnusable.Failf("vms.key: there is no file %s", access.Key)
		}
		return key, err
	}
	return provider{
		stage: found{others},
		checks: []check{{about: "the VMs", find: func(ctx context.Context) error {
			if _, err := userKey(); err != nil {
				return err // else each machine would say it
			}
			return others.Check(ctx)
		}}},
		userKey: userKey,
		hostKey: func(m vm.Machine) (is, was ssh.PublicKey, err error) {
			key, err := cluster.KnownHosts{File: access.KnownHosts}.Key(net.JoinHostPort(m.Address.String(), sshPort), m.Name)
			if err != nil {
				return nil, nil, vm.Aloof.Failf("vms.known_hosts: %s", err.Error())
			}
			return key, nil, nil
		},
		list:    others.List,
		mtu:     others.MTU, // which preflight holds against each VM's
		disks:   i.fingerprints,
		refusal: vm.Elsewhere.Failf("the VMs are not wiabctl's (vms.provider: %s)", vm.External),
	}
}

// found is the stage of VMs that are there already.
type found struct{ *vm.Others }

// Name of the stage.
func (found) Name() string { return "vms" }

// fingerprints are those of the VMs' host keys: a VM that was made anew has another.
func (i *Installation) fingerprints() ([]string, error) {
	var all []string
	for _, m := range i.vms() {
		key, _, err := i.provider.hostKey(m)
		if err != nil {
			return nil, err
		}
		all = append(all, ssh.FingerprintSHA256(key))
	}
	return all, nil
}

// ask runs a program on a VM and returns what it says.
func (i *Installation) ask(ctx context.Context, m vm.Machine, argv ...string) ([]byte, error) {
	client, err := i.dial(ctx, m)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	return client.Run(ctx, argv...)
}

// dial logs in on a VM.
func (i *Installation) dial(ctx context.Context, m vm.Machine) (*cluster.Client, error) {
	target, err := i.target(m)
	if err != nil {
		return nil, err
	}
	return target.Dial(ctx)
}
