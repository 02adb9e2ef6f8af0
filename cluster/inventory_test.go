package cluster

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

func testInventory(admin *Admin) Inventory {
	host := func(name, group, address string) Host {
		return Host{Name: name, Group: group, Address: netip.MustParseAddr(address)}
	}
	return Inventory{Admin: admin, User: "demo", Interface: "enp1s0",
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
	known, err := admin.Read(t.Context(), knownHostsFile)
	if err != nil || !strings.Contains(string(known), "192.168.122.21,kubenode1 ssh-ed25519 ") {
		t.Errorf("known_hosts is %q, %v", known, err)
	}

	if err := admin.Write(t.Context(), hostsFile, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := inventory.Plan(t.Context()); !errors.Is(err, InventoryTwice.Failf("")) {
		t.Errorf("with hosts.ini beside it: %v, want inventory-twice", err)
	}
}
