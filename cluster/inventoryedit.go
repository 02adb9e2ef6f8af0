package cluster

import (
	"maps"
	"slices"

	"gopkg.in/yaml.v3"
)

// sshArgs name the known host keys. They alone do not suffice: while upstream's
// ansible.cfg turns checking off, Ansible puts StrictHostKeyChecking=no before them,
// and ssh takes the first; so the variable ansible_host_key_checking is set too.
const sshArgs = "-o UserKnownHostsFile=" + knownHostsFile + " -o StrictHostKeyChecking=yes -o ControlMaster=auto -o ControlPersist=60s"

// edit sets what wiabctl decides in an inventory, lays the overlay over it, and tells
// what was different: of the overlay no values, for they may be secret.
func (i Inventory) edit(content []byte) ([]byte, []string, error) {
	doc, err := parseDocument(content)
	if err != nil {
		return nil, nil, TemplateUnknown.Failf("%s or %s: %w", inventoryFile, templateFile, err)
	}
	for _, s := range append(i.settings(), i.master(doc)...) {
		if err := doc.set(s.value, s.path...); err != nil {
			return nil, nil, TemplateUnknown.Failf("%s or %s: %w", inventoryFile, templateFile, err)
		}
	}
	calico, err := i.calico()
	if err != nil {
		return nil, nil, err
	}
	for _, path := range lay(doc.mapping(), calico, "") {
		doc.changed = append(doc.changed, path+" follows the VMs' interface")
	}
	for _, path := range lay(doc.mapping(), &i.Overlay, "") {
		doc.changed = append(doc.changed, path+" becomes what cluster.inventory says")
	}
	if len(doc.changed) == 0 {
		return content, nil, nil
	}
	edited, err := doc.bytes()
	return edited, doc.changed, err
}

// master sets RabbitMQ's first node where the inventory names none of the data nodes.
func (i Inventory) master(doc *document) []setting {
	var nodes []string
	for _, h := range i.Hosts {
		if h.Group == "datanodes" {
			nodes = append(nodes, h.Name)
		}
	}
	path := []string{"rmq-cluster", "vars", rabbitMaster}
	if slices.Contains(nodes, doc.value(path...)) || len(nodes) == 0 || has(&i.Overlay, rabbitMaster) {
		return nil
	}
	return []setting{{nodes[0], path}}
}

const (
	// usualMTU is Ethernet's, which Calico reckons with by itself.
	usualMTU = 1500
	// vethLess is how much smaller packets between pods are than those between nodes, as
	// upstream's own CI has it (contract section 2.2).
	vethLess = 20
)

// calico is an overlay with the MTU of the pods' network, where the VMs' interface has not
// the usual one; empty if the user's overlay tells it.
func (i Inventory) calico() (*yaml.Node, error) {
	overlay := &yaml.Node{}
	mtu, err := i.MTU()
	if err != nil || mtu == usualMTU || has(&i.Overlay, "calico_mtu") {
		return overlay, err
	}
	return overlay, overlay.Encode(map[string]any{"kube-node": map[string]any{"vars": map[string]int{"calico_mtu": mtu, "calico_veth_mtu": mtu - vethLess}}})
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
	}
	for _, group := range slices.Sorted(maps.Keys(interfaces)) {
		all = append(all, setting{i.Interface, []string{group, "vars", interfaces[group]}})
	}
	for _, h := range i.Hosts {
		all = append(all, setting{h.Address.String(), []string{h.Group, "hosts", h.Name, "ansible_host"}})
	}
	return all
}
