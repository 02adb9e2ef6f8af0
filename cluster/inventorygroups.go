package cluster

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"wiabctl/provision/change"
)

// validation goes through an overlay and keeps what is wrong with it.
type validation struct {
	hosts []string
	errs  []error
}

func (v *validation) refuse(path, format string, args ...any) {
	v.errs = append(v.errs, change.Invalidf(path, format, args...))
}

func (v *validation) groups(path string, overlay *yaml.Node) {
	v.members(path, overlay, func(path, name string, group *yaml.Node) {
		if !slices.Contains(groups, name) {
			v.refuse(path, "the inventory has no such group; its groups are %s", strings.Join(groups, ", "))
			return
		}
		v.members(path, group, func(path, name string, part *yaml.Node) {
			switch name {
			case "vars":
				v.variables(path, part)
			case "hosts":
				v.members(path, part, v.host)
			default:
				v.refuse(path, "is neither vars nor hosts, which are all that can be laid over a group")
			}
		})
	})
}

func (v *validation) host(path, name string, variables *yaml.Node) {
	if !slices.Contains(v.hosts, name) {
		v.refuse(path, "there is no host of that name; the hosts are %s", strings.Join(v.hosts, ", "))
		return
	}
	v.variables(path, variables)
}

// variableName is what Ansible takes for one.
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (v *validation) variables(path string, variables *yaml.Node) {
	v.members(path, variables, func(path, name string, value *yaml.Node) {
		switch by := decided[name]; {
		case !variableName.MatchString(name):
			v.refuse(path, "is not a name that Ansible takes for a variable's")
		case by != "":
			v.refuse(path, "is what wiabctl sets, by %s", by)
		case name == rabbitMaster && !slices.Contains(v.hosts, value.Value):
			v.refuse(path, "is no host's name; the hosts are %s", strings.Join(v.hosts, ", "))
		}
	})
	v.literal(path, variables)
}

// literal refuses what stands for something elsewhere in the file.
func (v *validation) literal(path string, node *yaml.Node) {
	if node.Kind == yaml.AliasNode || node.Anchor != "" {
		v.refuse(path, "has an anchor or an alias, which mean nothing in the inventory: write out what it stands for")
		return
	}
	for _, part := range node.Content {
		v.literal(path, part)
	}
}

// members gives each key of a mapping with its value; null is an empty one.
func (v *validation) members(path string, mapping *yaml.Node, each func(path, name string, value *yaml.Node)) {
	if mapping.ShortTag() == "!!null" {
		return
	}
	if mapping.Kind != yaml.MappingNode {
		v.refuse(path, "is not a mapping")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		name := mapping.Content[i].Value
		if seen[name] {
			v.refuse(path+"."+name, "is there twice")
		}
		seen[name] = true
		each(path+"."+name, name, mapping.Content[i+1])
	}
}

// rabbitMaster is the variable that names the first of RabbitMQ's nodes.
const rabbitMaster = "rabbitmq_cluster_master"

// interfaces are the variables that name the VMs' network interface, by group (contract
// section 5.2).
var interfaces = map[string]string{
	"cassandra":     "cassandra_network_interface",
	"elasticsearch": "elasticsearch_network_interface",
	"minio":         "minio_network_interface",
	"rmq-cluster":   "rabbitmq_network_interface",
	"postgresql":    "postgresql_network_interface",
}

// decided are the variables that wiabctl sets, with what in the configuration decides
// them. Wherever one stood in the overlay, it would fight that.
var decided = func() map[string]string {
	all := map[string]string{
		"ansible_host":                 "vms.machines or network.subnet",
		"ansible_user":                 "vms.user",
		"ansible_ssh_private_key_file": "the keys that it keeps",
		"ansible_ssh_common_args":      "the host keys that it knows",
		"ansible_host_key_checking":    "the host keys that it knows",
	}
	for _, name := range interfaces {
		all[name] = "vms.interface"
	}
	return all
}()

// groups are those of the artifact's staging.yml (contract section 5.2).
var groups = []string{"all", "assethost", "kube-node", "kube-master", "etcd", "k8s-cluster", "datanodes", "cassandra", "cassandra_seed",
	"elasticsearch", "elasticsearch_master", "minio", "rmq-cluster", "postgresql", "postgresql_rw", "postgresql_ro"}

// unknownGroups is an error unless the template has exactly the groups that we know.
func unknownGroups(template []byte) error {
	var has map[string]any
	if err := yaml.Unmarshal(template, &has); err != nil {
		return TemplateUnknown.Failf("%s: %w", templateFile, err)
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(has)) {
		if !slices.Contains(groups, name) {
			errs = append(errs, fmt.Errorf("it has a group %s, which wiabctl does not know", name))
		}
	}
	for _, name := range groups {
		if _, there := has[name]; !there {
			errs = append(errs, fmt.Errorf("it has no group %s", name))
		}
	}
	if len(errs) > 0 {
		return TemplateUnknown.Failf("%s: %w", templateFile, errors.Join(errs...))
	}
	return nil
}
