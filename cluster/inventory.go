package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"

	"golang.org/x/crypto/ssh"
	"gopkg.in/yaml.v3"

	"wiabctl/provision/change"
)

// Host is a VM as the inventory names it.
type Host struct {
	Name    string
	Group   string // assethost, kube-node or datanodes
	Address netip.Addr
}

// Keys are what the inventory needs of the installation's keys.
type Keys struct {
	User  []byte                   // the private key that opens the VMs, in PEM
	Hosts map[string]ssh.PublicKey // the VMs' host keys by name
}

// Inventory is the stage that turns the artifact's own staging.yml into
// inventory.yml and puts the SSH keys beside it (contract section 5.2).
type Inventory struct {
	Admin     *Admin
	Hosts     []Host
	User      string // whom Ansible logs in as on the VMs
	Interface string // the VMs' network interface
	// MTU is that of the VMs' interface.
	MTU func() (int, error)
	// Overlay is laid over everything; see Spec.
	Overlay yaml.Node
	// Keys returns fs.ErrNotExist until they are generated.
	Keys func() (Keys, error)
}

// Where the inventory's files are, relative to the deploy directory.
const (
	inventoryDir   = "ansible/inventory/offline"
	inventoryFile  = inventoryDir + "/inventory.yml"
	templateFile   = inventoryDir + "/staging.yml"
	hostsFile      = inventoryDir + "/hosts.ini"
	keyFile        = "ssh/id_ed25519"
	knownHostsFile = "ssh/known_hosts"
)

// Name of the stage.
func (Inventory) Name() string { return "inventory" }

// Plan compares the three files with what they should hold. What the user added
// to inventory.yml stays: only the values that wiabctl decides are set, and those of
// the configuration.
func (i Inventory) Plan(ctx context.Context) ([]change.Change, error) {
	if err := i.check(ctx); err != nil {
		return nil, err
	}
	inventory, err := i.planInventory(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := i.planKeys(ctx)
	return append(keys, inventory...), err
}

// check is why this artifact's inventory cannot be used.
func (i Inventory) check(ctx context.Context) error {
	switch _, err := i.Admin.Read(ctx, hostsFile); {
	case err == nil:
		return InventoryTwice.Failf("%s stands beside %s: upstream's scripts accept only one inventory", hostsFile, inventoryFile)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	template, err := i.Admin.Read(ctx, templateFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return unknownGroups(template)
}

func (i Inventory) planInventory(ctx context.Context) ([]change.Change, error) {
	have, mode, err := i.Admin.stat(ctx, inventoryFile)
	if errors.Is(err, fs.ErrNotExist) {
		return []change.Change{{Verb: change.Create, Subject: "file " + inventoryFile,
			Reason: "it is made from the artifact's staging.yml", Apply: i.create}}, nil
	}
	if err != nil {
		return nil, err
	}
	want, different, err := i.edit(have)
	if mode != inventoryMode {
		different = append(different, fmt.Sprintf("its mode becomes %04o", inventoryMode))
	}
	if err != nil || len(different) == 0 {
		return nil, err
	}
	return []change.Change{{Verb: change.Update, Subject: "file " + inventoryFile,
		Reason: strings.Join(different, ", "),
		Apply: func(ctx context.Context, _ change.Progress) error {
			return i.Admin.Write(ctx, inventoryFile, want, inventoryMode)
		}}}, nil
}

// inventoryMode keeps passwords in it to the deploy user, and to root in the tools container.
const inventoryMode = 0o600

func (i Inventory) create(ctx context.Context, _ change.Progress) error {
	template, err := i.Admin.Read(ctx, templateFile)
	if err != nil {
		return err
	}
	content, _, err := i.edit(template)
	if err != nil {
		return err
	}
	return i.Admin.Write(ctx, inventoryFile, content, inventoryMode)
}

func (i Inventory) planKeys(ctx context.Context) ([]change.Change, error) {
	keys, err := i.Keys()
	if errors.Is(err, fs.ErrNotExist) {
		return []change.Change{{Verb: change.Create, Subject: "file " + keyFile,
			Reason: "the key that opens the VMs is not generated yet",
			Apply: func(context.Context, change.Progress) error {
				return fmt.Errorf("the keys of the VMs are still missing: %w", err)
			}}}, nil
	}
	if err != nil {
		return nil, err
	}
	return planFiles(ctx, i.Admin,
		File{Name: keyFile, Content: keys.User, Mode: 0o600, Why: "the key that opens the VMs"},
		File{Name: knownHostsFile, Content: i.knownHosts(keys), Mode: 0o644, Why: "the VMs' host keys, which Ansible checks"})
}

// knownHosts are the lines of known_hosts(5): each VM by address and by name.
func (i Inventory) knownHosts(keys Keys) []byte {
	var lines bytes.Buffer
	for _, h := range i.Hosts {
		fmt.Fprintf(&lines, "%s,%s %s", h.Address, h.Name, ssh.MarshalAuthorizedKey(keys.Hosts[h.Name]))
	}
	return lines.Bytes()
}
