package provision

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"wiabctl/network"
)

// Imported is what becomes of a line of the playbook's inventory.
type Imported struct {
	Line    int    `json:"line"`
	Name    string `json:"name"`              // of the variable
	Becomes string `json:"becomes,omitempty"` // the field that it becomes, with its value; empty: none
	Why     string `json:"why,omitempty"`     // what else there is to know, or why it becomes nothing
}

// ImportInventory takes from the inventory of wire-server-deploy's playbook
// (ansible/inventory/demo/wiab-staging.yml, contract section 5.1) what has a counterpart in the
// configuration. Every variable has its line in the result, in the file's order. It fails with
// ConfigInvalid for what is no such inventory.
func ImportInventory(name string, text []byte) (Draft, []Imported, error) {
	root, err := document(text)
	if err != nil {
		return Draft{}, nil, ConfigInvalid.Failf("%s is no inventory in YAML:\n%w", name, Problems{syntax(err)})
	}
	var in inventory
	in.groups(root.Content[0])
	if len(in.found) > 0 {
		return Draft{}, nil, ConfigInvalid.Failf("%s is no inventory of groups with hosts, vars and children:\n%w", name, in.found)
	}
	if len(in.variables) == 0 {
		return Draft{}, nil, ConfigInvalid.Failf("%s is no inventory of the playbook:\n%w", name, Problems{{Line: 1, Problem: "it has no variable"}})
	}
	draft, told := in.draft()
	return draft, told, nil
}

// variable is one of Ansible's.
type variable struct {
	name string
	node *yaml.Node
	line int
}

// inventory are the variables of all groups and hosts.
type inventory struct {
	variables []variable
	found     Problems
}

// mapping tells whether the node is one; nothing counts as an empty one.
func (in *inventory) mapping(node *yaml.Node, what string) bool {
	if node.Kind != yaml.MappingNode && node.ShortTag() != "!!null" {
		in.found = append(in.found, Problem{Line: node.Line, Problem: fmt.Sprintf("%s is %s, wanted is a mapping", what, said(node))})
	}
	return node.Kind == yaml.MappingNode
}

// groups reads a mapping of groups.
func (in *inventory) groups(node *yaml.Node) {
	in.each(node, "the inventory", func(name, group *yaml.Node) {
		in.each(group, "the group "+name.Value, func(key, value *yaml.Node) {
			what := key.Value + " of " + name.Value
			switch key.Value {
			case "children":
				in.groups(value)
			case "vars":
				in.vars(value, what)
			case "hosts":
				in.each(value, what, func(host, vars *yaml.Node) { in.vars(vars, "the host "+host.Value) })
			default:
				in.found = append(in.found, Problem{Line: key.Line, Problem: fmt.Sprintf("the group %s has %q, which is none of hosts, vars and children", name.Value, key.Value)})
			}
		})
	})
}

// each calls do for the pairs of a mapping. Aliases are not followed: the playbook's inventory has none.
func (in *inventory) each(node *yaml.Node, what string, do func(key, value *yaml.Node)) {
	if !in.mapping(node, what) {
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		do(node.Content[i], node.Content[i+1])
	}
}

func (in *inventory) vars(node *yaml.Node, what string) {
	in.each(node, what, func(key, value *yaml.Node) {
		in.variables = append(in.variables, variable{key.Value, value, key.Line})
	})
}

// value is that of a variable of the name, empty without one.
func (in *inventory) value(name string) string {
	i := slices.IndexFunc(in.variables, func(v variable) bool { return v.name == name })
	if i < 0 {
		return ""
	}
	return in.variables[i].node.Value
}

// draft takes over each variable, and tells of each.
func (in *inventory) draft() (Draft, []Imported) {
	var d Draft
	var all []Imported
	first := map[string]int{}
	for _, v := range in.variables {
		told := Imported{Line: v.line, Name: v.name}
		line, again := first[v.name]
		switch {
		case again:
			told.Why = fmt.Sprintf("is there on line %d already, and that one counts", line)
		case v.node.Tag == "!vault":
			told.Why = "is encrypted by ansible-vault: write its field yourself"
		case v.node.Kind != yaml.ScalarNode:
			told.Why = "is no single value, as all of the playbook's are"
		case strings.Contains(v.node.Value, "{{"):
			told.Why = "is a template, which only Ansible fills in: write its field yourself"
		default:
			told.Becomes, told.Why = in.take(&d, v.name, strings.TrimSpace(v.node.Value))
		}
		if !again {
			first[v.name] = v.line
		}
		all = append(all, told)
	}
	return d, all
}

var (
	artifactHash = regexp.MustCompile(`^[0-9a-fA-F]{40}$`)
	kubenodeIP   = regexp.MustCompile(`^(kubenode[1-3])_ip$`)
	logins       = regexp.MustCompile(`^ansible_(ssh_|become|port$|password$|connection$|python_interpreter$)`)
)

// take takes over one variable; becomes is empty where the configuration has no counterpart.
func (in *inventory) take(d *Draft, name, value string) (becomes, why string) {
	switch {
	case name == "artifact_hash" && artifactHash.MatchString(value):
		d.Artifact = strings.ToLower(value)
		return "artifact.hash: " + d.Artifact, ""
	case name == "artifact_hash":
		return "", fmt.Sprintf("%q is not 40 hex digits", value)
	case name == "ansible_user" && userName.MatchString(value) && value != "root":
		d.User = value
		return "host.user: " + value, "owns the deploy directory and runs upstream's scripts, as with the playbook"
	case name == "ansible_user":
		return "", fmt.Sprintf("%q cannot be the deploy user; wiabctl makes one, wire", value)
	case name == "private_deployment":
		return d.private(value)
	case name == "inf_wan" && (network.Links{value}).Valid() && value != usualBridge():
		d.WAN = network.Links{value}
		return "network.wan: " + value, ""
	case name == "inf_wan":
		return "", fmt.Sprintf("%q is no interface that faces the internet", value)
	case name == "calling_node_ip":
		return in.calling(d, value)
	case kubenodeIP.MatchString(name):
		return "", "the VMs' addresses follow from network.subnet: kubenode1 to 3 are .21 to .23"
	case name == "ansible_host":
		return "", hostless(value)
	case logins.MatchString(name):
		return "", "nobody logs in to the host from outside: wiabctl runs on it"
	case name == "wire_comment":
		return "", "what wiabctl makes in nftables is in tables of its own, with comments of its own"
	default:
		return "", "is no variable of the playbook; one that upstream's other playbooks read can stand in cluster.inventory"
	}
}

// private takes over private_deployment: true has no masquerading for the VMs' way out.
func (d *Draft) private(value string) (becomes, why string) {
	switch strings.ToLower(value) {
	case "true", "yes", "on":
		d.Egress = network.EgressACME
		return "network.egress: acme", "nothing gets out but what certificates need to be issued and renewed; none is what the playbook did, and no certificate comes then"
	case "false", "no", "off":
		d.Egress = network.EgressFull
		return "network.egress: full", ""
	default:
		return "", fmt.Sprintf("%q is neither true nor false", value)
	}
}

// calling finds the kubenode that has the address.
func (in *inventory) calling(d *Draft, address string) (becomes, why string) {
	for _, node := range callingNodes() {
		if address != "" && in.value(node+"_ip") == address {
			d.Node = node
			return "calling.node: " + node, ""
		}
	}
	return "", fmt.Sprintf("no kubenodeN_ip is %q; calls go to kubenode3 (calling.node)", address)
}

// hostless tells what to do with the host's name.
func hostless(value string) string {
	why := "wiabctl runs on that host itself"
	if address, err := netip.ParseAddr(value); err == nil && address.Is4() && !network.Private(address) {
		why += "; if clients reach it at this address too, that is network.public_address"
	}
	return why
}

// usualBridge is the VMs' own interface on the host.
func usualBridge() string {
	var usual network.Spec
	usual.Defaults()
	return usual.Bridge
}
