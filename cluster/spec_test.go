package cluster

import (
	"errors"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"wiabctl/provision/change"
)

func TestSpecRefuses(t *testing.T) {
	tests := []struct {
		name, inventory string
		path, says      string // of the only problem; empty: there is none
	}{
		{"nothing", "", "", ""},
		{"empty groups", "{all: , kube-node: {vars: , hosts: {kubenode1: }}}", "", ""},
		{"variables of any shape", "{all: {vars: {a: [1, {b: c}], _x9: !vault abc}}}", "", ""},
		{"no mapping", "[all]", "inventory", "is not a mapping"},
		{"a group that there is not", "{redis: {vars: {a: 1}}}", "inventory.redis", "no such group; its groups are all, assethost, "},
		{"other groups below one", "{all: {children: {etcd: {}}}}", "inventory.all.children", "neither vars nor hosts"},
		{"a host that there is not", "{kube-node: {hosts: {kubenode4: {a: 1}}}}", "inventory.kube-node.hosts.kubenode4", "there is no host of that name"},
		{"variables that are none", "{all: {vars: x}}", "inventory.all.vars", "is not a mapping"},
		{"a group that is none", "{all: [vars]}", "inventory.all", "is not a mapping"},
		{"a name that is none", "{all: {vars: {a-b: 1}}}", "inventory.all.vars.a-b", "not a name that Ansible takes"},
		{"the address", "{kube-node: {hosts: {kubenode1: {ansible_host: 192.0.2.1}}}}", "inventory.kube-node.hosts.kubenode1.ansible_host", "is what wiabctl sets, by vms.machines"},
		{"the user, in another group", "{etcd: {vars: {ansible_user: x}}}", "inventory.etcd.vars.ansible_user", "by vms.user"},
		{"an interface", "{postgresql: {vars: {postgresql_network_interface: eth0}}}", "inventory.postgresql.vars.postgresql_network_interface", "by vms.interface"},
		{"the host keys", "{all: {vars: {ansible_host_key_checking: false}}}", "inventory.all.vars.ansible_host_key_checking", "by the host keys that it knows"},
		{"RabbitMQ's first node", "{rmq-cluster: {vars: {rabbitmq_cluster_master: datanode1}}}", "", ""},
		{"one that there is not", "{rmq-cluster: {vars: {rabbitmq_cluster_master: rabbit1}}}", "inventory.rmq-cluster.vars.rabbitmq_cluster_master", "is no host's name"},
		{"a key twice", "\n  all: {vars: {a: 1, a: 2}}", "inventory.all.vars.a", "is there twice"},
		{"an alias", "\n  all: {vars: {a: &x 1}}", "inventory.all.vars", "an anchor or an alias"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var spec Spec
			if err := yaml.Unmarshal([]byte("inventory: "+test.inventory), &spec); err != nil {
				t.Fatal(err)
			}
			err := spec.Validate([]string{"kubenode1", "datanode1"})
			if test.path == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			var invalid *change.Invalid
			if !errors.As(err, &invalid) || strings.Contains(err.Error(), "\n") || invalid.Path != test.path || !strings.Contains(invalid.Problem, test.says) {
				t.Errorf("got %v, want %s: ...%s", err, test.path, test.says)
			}
		})
	}
}
