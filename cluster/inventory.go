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
// to inventory.yml stays: only the values that wiabctl decides are set.
func (i Inventory) Plan(ctx context.Context) ([]change.Change, error) {
	switch _, err := i.Admin.Read(ctx, hostsFile); {
	case err == nil:
		return nil, InventoryTwice.Failf("%s stands beside %s: upstream's scripts accept only one inventory", hostsFile, inventoryFile)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	inventory, err := i.planInventory(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := i.planKeys(ctx)
	return append(keys, inventory...), err
}

func (i Inventory) planInventory(ctx context.Context) ([]change.Change, error) {
	have, err := i.Admin.Read(ctx, inventoryFile)
	if errors.Is(err, fs.ErrNotExist) {
		return []change.Change{{Verb: change.Create, Subject: "file " + inventoryFile,
			Reason: "it is made from the artifact's staging.yml", Apply: i.create}}, nil
	}
	if err != nil {
		return nil, err
	}
	want, different, err := i.edit(have)
	if err != nil || len(different) == 0 {
		return nil, err
	}
	return []change.Change{{Verb: change.Update, Subject: "file " + inventoryFile,
		Reason: strings.Join(different, ", "),
		Apply: func(ctx context.Context, _ change.Progress) error {
			return i.Admin.Write(ctx, inventoryFile, want, 0o644)
		}}}, nil
}

func (i Inventory) create(ctx context.Context, _ change.Progress) error {
	template, err := i.Admin.Read(ctx, templateFile)
	if err != nil {
		return err
	}
	content, _, err := i.edit(template)
	if err != nil {
		return err
	}
	return i.Admin.Write(ctx, inventoryFile, content, 0o644)
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

// sshArgs name the known host keys. They alone do not suffice: while upstream's
// ansible.cfg turns checking off, Ansible puts StrictHostKeyChecking=no before them,
// and ssh takes the first; so the variable ansible_host_key_checking is set too.
const sshArgs = "-o UserKnownHostsFile=" + knownHostsFile + " -o StrictHostKeyChecking=yes -o ControlMaster=auto -o ControlPersist=60s"

// edit sets what wiabctl decides in an inventory and tells what was different.
func (i Inventory) edit(content []byte) ([]byte, []string, error) {
	doc, err := parseDocument(content)
	if err != nil {
		return nil, nil, TemplateUnknown.Failf("%s or %s: %w", inventoryFile, templateFile, err)
	}
	for _, s := range i.settings() {
		if err := doc.set(s.value, s.path...); err != nil {
			return nil, nil, TemplateUnknown.Failf("%s or %s: %w", inventoryFile, templateFile, err)
		}
	}
	if len(doc.changed) == 0 {
		return content, nil, nil
	}
	edited, err := doc.bytes()
	return edited, doc.changed, err
}

type setting struct {
	value string
	path  []string
}

func (i Inventory) settings() []setting {
	all := []setting{
		{i.User, []string{"all", "vars", "ansible_user"}},
		{keyFile, []string{"all", "vars", "ansible_ssh_private_key_file"}},
		{sshArgs, []string{"all", "vars", "ansible_ssh_common_args"}},
		{"true", []string{"all", "vars", "ansible_host_key_checking"}},
		{i.Interface, []string{"cassandra", "vars", "cassandra_network_interface"}},
		{i.Interface, []string{"elasticsearch", "vars", "elasticsearch_network_interface"}},
		{i.Interface, []string{"minio", "vars", "minio_network_interface"}},
		{i.Interface, []string{"rmq-cluster", "vars", "rabbitmq_network_interface"}},
		{i.Interface, []string{"postgresql", "vars", "postgresql_network_interface"}},
	}
	for _, h := range i.Hosts {
		all = append(all, setting{h.Address.String(), []string{h.Group, "hosts", h.Name, "ansible_host"}})
	}
	return all
}
