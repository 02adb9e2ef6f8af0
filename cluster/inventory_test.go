package cluster

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"gopkg.in/yaml.v3"
)

func testInventory(admin *Admin) Inventory {
	host := func(name, group, address string) Host {
		return Host{Name: name, Group: group, Address: netip.MustParseAddr(address)}
	}
	return Inventory{Admin: admin, User: "demo", Interface: "enp1s0", MTU: func() (int, error) { return 1500, nil },
		Hosts: []Host{
			host("assethost", "assethost", "192.168.122.10"),
			host("kubenode1", "kube-node", "192.168.122.21"),
			host("datanode1", "datanodes", "192.168.122.31"),
		}}
}

func TestInventoryFromTemplate(t *testing.T) {
	template, err := os.ReadFile("testdata/staging.yml")
	if err != nil {
		t.Fatal(err)
	}
	inventory := testInventory(nil)
	got, different, err := inventory.edit(template)
	if err != nil {
		t.Fatal(err)
	}
	if len(different) == 0 {
		t.Error("nothing differed in a fresh template")
	}
	golden(t, "inventory.golden.yml", got)

	again, different, err := inventory.edit(got)
	if err != nil || len(different) > 0 || string(again) != string(got) {
		t.Errorf("a second edit wants %v (%v)", different, err)
	}
}

func TestInventoryKeepsTheUsersEdits(t *testing.T) {
	template, err := os.ReadFile("testdata/staging.yml")
	if err != nil {
		t.Fatal(err)
	}
	inventory := testInventory(nil)
	made, _, err := inventory.edit(template)
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.Replace(string(made), "wire_dbname: wire-server", "wire_dbname: wire-server\n    our_mtu: 1400 # ours", 1)
	edited = strings.Replace(edited, "192.168.122.21", "10.9.9.9", 1)
	got, different, err := inventory.edit([]byte(edited))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(got), "our_mtu: 1400 # ours") {
		t.Error("the user's own variable is gone")
	}
	if len(different) != 1 || !strings.Contains(different[0], "kube-node.hosts.kubenode1.ansible_host") {
		t.Errorf("different: %v, want the altered address alone", different)
	}
}

func TestInventoryRefusesWhatItDoesNotKnow(t *testing.T) {
	template, err := os.ReadFile("testdata/staging.yml")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, content string }{
		{"a group is gone", strings.Replace(string(template), "kube-node:\n  hosts", "workers:\n  hosts", 1)},
		{"a host is gone", strings.ReplaceAll(string(template), "kubenode1:", "node1:")},
		{"not a mapping", "- all\n"},
		{"not YAML", "all: [\n"},
		{"empty", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, _, err := testInventory(nil).edit([]byte(test.content)); !errors.Is(err, TemplateUnknown.Failf("")) {
				t.Errorf("error = %v, want inventory-template", err)
			}
		})
	}
}

// overlay is what the configuration lays over the inventory.
func overlay(t *testing.T, text string) yaml.Node {
	t.Helper()
	var spec struct{ Cluster Spec }
	if err := yaml.Unmarshal([]byte("cluster:\n  inventory:\n"+text), &spec); err != nil {
		t.Fatal(err)
	}
	if err := spec.Cluster.Validate([]string{"assethost", "kubenode1", "datanode1"}); err != nil {
		t.Fatal(err)
	}
	return spec.Cluster.Inventory
}

func TestInventoryOverlay(t *testing.T) {
	template, err := os.ReadFile("testdata/staging.yml")
	if err != nil {
		t.Fatal(err)
	}
	inventory := testInventory(nil)
	made, _, err := inventory.edit(template)
	if err != nil {
		t.Fatal(err)
	}
	inventory.MTU = func() (int, error) { return 1400, nil }
	inventory.Overlay = overlay(t, `
    all: {vars: {ansible_password: "hunter2", ansible_become_password: 'a "quoted" one'}}
    kube-node:
      vars:
        # our resolvers
        upstream_dns_servers: [192.0.2.53]
        enabled: yes
        mode: 0644
      hosts: {kubenode1: {node_labels: {zone: a}}}
    postgresql: {vars: {wire_dbname: another}}
    etcd:
`)
	got, different, err := inventory.edit(made)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "overlay.golden.yml", got)
	plan := strings.Join(different, "\n")
	want := "kube-node.vars follows the VMs' interface\nall.vars.ansible_password becomes what cluster.inventory says\nall.vars.ansible_become_password becomes what cluster.inventory says\n" +
		"kube-node.vars.upstream_dns_servers becomes what cluster.inventory says\nkube-node.vars.enabled becomes what cluster.inventory says\nkube-node.vars.mode becomes what cluster.inventory says\n" +
		"kube-node.hosts.kubenode1.node_labels becomes what cluster.inventory says\npostgresql.vars.wire_dbname becomes what cluster.inventory says"
	if plan != want {
		t.Errorf("the plan says\n%s\nwant\n%s", plan, want)
	}
	if again, different, err := inventory.edit(got); err != nil || len(different) > 0 || string(again) != string(got) {
		t.Errorf("a second edit wants %v (%v)", different, err)
	}

	inventory.Overlay = yaml.Node{}
	if _, different, err := inventory.edit(got); err != nil || len(different) > 0 {
		t.Errorf("what is no longer in the configuration is changed: %v (%v)", different, err)
	}
}

func TestInventoryMTU(t *testing.T) {
	template, err := os.ReadFile("testdata/staging.yml")
	if err != nil {
		t.Fatal(err)
	}
	lost := errors.New("no interface")
	tests := []struct {
		name    string
		mtu     int
		err     error
		overlay string
		want    []string // calico_mtu and calico_veth_mtu of the kubenodes
	}{
		{"the usual one", 1500, nil, "", []string{"", ""}},
		{"another", 1450, nil, "", []string{"1450", "1430"}},
		{"the user knows better", 1450, nil, "    k8s-cluster: {vars: {calico_mtu: 1300}}", []string{"", ""}},
		{"unknown", 0, lost, "", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inventory := testInventory(nil)
			inventory.MTU = func() (int, error) { return test.mtu, test.err }
			inventory.Overlay = overlay(t, test.overlay)
			got, _, err := inventory.edit(template)
			if !errors.Is(err, test.err) || test.err != nil {
				if test.err == nil || err == nil {
					t.Errorf("error = %v, want %v", err, test.err)
				}
				return
			}
			doc, err := parseDocument(got)
			if err != nil {
				t.Fatal(err)
			}
			if have := []string{doc.value("kube-node", "vars", "calico_mtu"), doc.value("kube-node", "vars", "calico_veth_mtu")}; !slices.Equal(have, test.want) {
				t.Errorf("got %q, want %q", have, test.want)
			}
		})
	}
}

func TestInventoryMaster(t *testing.T) {
	template, err := os.ReadFile("testdata/staging.yml")
	if err != nil {
		t.Fatal(err)
	}
	text := func(master string) string {
		return strings.Replace(string(template), "rabbitmq_cluster_master: datanode1", master, 1)
	}
	inventory := testInventory(nil)
	inventory.Hosts = append(inventory.Hosts, Host{Name: "datanode2", Group: "datanodes", Address: netip.MustParseAddr("192.168.122.32")})
	for name, test := range map[string]struct{ master, want string }{
		"one that there is":     {"rabbitmq_cluster_master: datanode2", "datanode2"},
		"a kubenode":            {"rabbitmq_cluster_master: kubenode1", "datanode1"},
		"one that there is not": {"rabbitmq_cluster_master: rabbit1", "datanode1"},
		"none":                  {"other: x", "datanode1"},
	} {
		t.Run(name, func(t *testing.T) {
			content := strings.Replace(text(test.master), "datanodes:\n  hosts:\n", "datanodes:\n  hosts:\n    datanode2: {}\n", 1)
			got, _, err := inventory.edit([]byte(content))
			if err != nil {
				t.Fatal(err)
			}
			doc, err := parseDocument(got)
			if err != nil {
				t.Fatal(err)
			}
			if have := doc.value("rmq-cluster", "vars", rabbitMaster); have != test.want {
				t.Errorf("it is %q, want %q", have, test.want)
			}
		})
	}
}

func TestUnknownGroups(t *testing.T) {
	template, err := os.ReadFile("testdata/staging.yml")
	if err != nil {
		t.Fatal(err)
	}
	real, err := os.ReadFile("../e2e/artifact/files/ansible/inventory/offline/staging.yml")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, template string
		says           []string
	}{
		{"as it ships", string(real), nil},
		{"a new group and a missing one", strings.Replace(string(template), "etcd:\n", "redis:\n", 1), []string{"a group redis, which wiabctl does not know", "no group etcd"}},
		{"no YAML", "all: [", []string{"staging.yml"}},
		{"nothing", "", []string{"no group all", "no group postgresql_ro"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := unknownGroups([]byte(test.template))
			if test.says == nil && err != nil || test.says != nil && !errors.Is(err, TemplateUnknown.Failf("")) {
				t.Fatalf("got %v", err)
			}
			for _, says := range test.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("%q lacks %q", err, says)
				}
			}
		})
	}
}

func TestInventoryStage(t *testing.T) {
	admin := testAdmin(t)
	template, err := os.ReadFile("testdata/staging.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := admin.Write(t.Context(), templateFile, template, 0o644); err != nil {
		t.Fatal(err)
	}
	inventory := testInventory(admin)
	inventory.Keys = func() (Keys, error) { return Keys{}, fs.ErrNotExist }
	changes, err := inventory.Plan(t.Context())
	if err != nil || len(changes) != 2 {
		t.Fatalf("without keys: %v, %v", changes, err)
	}

	host := newKey(t).PublicKey()
	inventory.Keys = func() (Keys, error) {
		return Keys{User: []byte("PRIVATE"), Hosts: map[string]ssh.PublicKey{"assethost": host, "kubenode1": host, "datanode1": host}}, nil
	}
	changes, err = inventory.Plan(t.Context())
	if err != nil || len(changes) != 3 {
		t.Fatalf("with keys: %v, %v", changes, err)
	}
	for _, c := range changes {
		if strings.Contains(c.String(), "PRIVATE") {
			t.Errorf("the plan shows a secret: %s", c)
		}
		if err := c.Apply(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if changes, err = inventory.Plan(t.Context()); err != nil || len(changes) != 0 {
		t.Errorf("after applying: %v, %v", changes, err)
	}
	if _, mode, err := admin.stat(t.Context(), inventoryFile); err != nil || mode != 0o600 {
		t.Errorf("the inventory's mode is %04o (%v)", mode, err)
	}
	if err := os.Chmod(admin.path(inventoryFile), 0o644); err != nil {
		t.Fatal(err)
	}
	if changes, err = inventory.Plan(t.Context()); err != nil || len(changes) != 1 || !strings.Contains(changes[0].Reason, "its mode becomes 0600") {
		t.Errorf("with an inventory that all can read: %v, %v", changes, err)
	}
	known, err := admin.Read(t.Context(), knownHostsFile)
	if err != nil || !strings.Contains(string(known), "192.168.122.21,kubenode1 ssh-ed25519 ") {
		t.Errorf("known_hosts is %q, %v", known, err)
	}

	if err := admin.Write(t.Context(), templateFile, []byte("all: {}\nredis: {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := inventory.Plan(t.Context()); !errors.Is(err, TemplateUnknown.Failf("")) {
		t.Errorf("with a template of other groups: %v, want inventory-template", err)
	}
	if err := admin.Write(t.Context(), hostsFile, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := inventory.Plan(t.Context()); !errors.Is(err, InventoryTwice.Failf("")) {
		t.Errorf("with hosts.ini beside it: %v, want inventory-twice", err)
	}
}
