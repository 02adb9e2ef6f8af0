package provision

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wiabctl/network"
)

// playbookInventory has the shape of upstream's ansible/inventory/demo/wiab-staging.yml, and
// the variables that its documentation names for the firewall.
const playbookInventory = `wiab-staging:
  hosts:
    deploy_node:
      ansible_host: 203.0.113.7
      ansible_ssh_common_args: '-o StrictHostKeyChecking=no'
      ansible_user: 'demo'
      ansible_ssh_private_key_file: "~/.ssh/id_ed25519"
  vars:
    artifact_hash: 5B01f250e128db689715558bad6b5e532cf4a7a0
    # the VMs stay inside
    private_deployment: true
    kubenode1_ip: 192.168.122.11
    kubenode3_ip: 192.168.122.13
    calling_node_ip: 192.168.122.11
    inf_wan: eth0
    wire_comment: wire
    our_own: 3
`

func TestImportInventory(t *testing.T) {
	draft, told, err := ImportInventory("x.yml", []byte(playbookInventory))
	if err != nil {
		t.Fatal(err)
	}
	want := Draft{Artifact: "5b01f250e128db689715558bad6b5e532cf4a7a0", User: "demo", Node: "kubenode1", Egress: "acme", WAN: network.Links{"eth0"}}
	if diff := cmp.Diff(want, draft, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	for i, line := range []struct {
		line                int
		name, becomes, says string
	}{
		{4, "ansible_host", "", "wiabctl runs on that host itself; if clients reach it at this address too, that is network.public_address"},
		{5, "ansible_ssh_common_args", "", "nobody logs in"},
		{6, "ansible_user", "host.user: demo", ""},
		{7, "ansible_ssh_private_key_file", "", "nobody logs in"},
		{9, "artifact_hash", "artifact.hash: 5b01f250e128db689715558bad6b5e532cf4a7a0", ""},
		{11, "private_deployment", "network.egress: acme", "no certificate comes then"},
		{12, "kubenode1_ip", "", "follow from network.subnet"},
		{13, "kubenode3_ip", "", "follow from network.subnet"},
		{14, "calling_node_ip", "calling.node: kubenode1", ""},
		{15, "inf_wan", "network.wan: eth0", ""},
		{16, "wire_comment", "", "tables of its own"},
		{17, "our_own", "", "is no variable of the playbook"},
	} {
		if i >= len(told) || told[i].Line != line.line || told[i].Name != line.name || told[i].Becomes != line.becomes || !strings.Contains(told[i].Why, line.says) {
			t.Fatalf("line %d of %+v, want %+v", i, told, line)
		}
	}
}

func TestImportVariables(t *testing.T) {
	for _, test := range []struct{ variable, becomes, says string }{
		{"private_deployment: false", "network.egress: full", ""},
		{"private_deployment: maybe", "", `"maybe" is neither true nor false`},
		{"artifact_hash: master", "", "is not 40 hex digits"},
		{"artifact_hash: '{{ hash }}'", "", "is a template"},
		{"artifact_hash: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  61", "", "is encrypted"},
		{"artifact_hash: [a]", "", "is no single value"},
		{"ansible_user: root", "", `"root" cannot be the deploy user`},
		{"ansible_user: 'a;b'", "", "cannot be the deploy user"},
		{"inf_wan: 'eth0; reboot'", "", "is no interface that faces"},
		{"inf_wan: virbr0", "", "is no interface that faces"},
		{"calling_node_ip: 192.168.122.99", "", "no kubenodeN_ip is"},
		{"ansible_host: 10.0.0.1", "", "runs on that host itself"},
		{"ansible_host: 100.64.0.1", "", "runs on that host itself"},
		{"ansible_become_password: hunter2", "", "nobody logs in"},
	} {
		t.Run(test.variable, func(t *testing.T) {
			text := "all:\n  children:\n    g:\n      vars:\n        " + strings.ReplaceAll(test.variable, "\n", "\n        ") + "\n"
			_, told, err := ImportInventory("x.yml", []byte(text))
			if err != nil || len(told) != 1 || told[0].Line != 5 || told[0].Becomes != test.becomes || !strings.Contains(told[0].Why, test.says) {
				t.Fatalf("%+v, %v", told, err)
			}
			if strings.Contains(told[0].Why, "hunter2") || strings.HasSuffix(told[0].Why, "public_address") {
				t.Errorf("it says %s", told[0].Why)
			}
		})
	}
	_, told, err := ImportInventory("x.yml", []byte("a: {hosts: {h: {inf_wan: eth0}, i: {inf_wan: eth1}}}\n"))
	if err != nil || len(told) != 2 || told[1].Becomes != "" || told[1].Why != "is there on line 1 already, and that one counts" {
		t.Errorf("two hosts: %+v, %v", told, err)
	}
}

func TestImportRefuses(t *testing.T) {
	for name, test := range map[string]struct{ text, says string }{
		"nothing":             {"", "line 1: the file is empty"},
		"INI":                 {"[all:vars]\nx=y\n", "line 1: the inventory is a list"},
		"no YAML":             {"a: [\n", "line 1: not YAML: "},
		"a list":              {"- a\n", "line 1: the inventory is a list, wanted is a mapping"},
		"a group of text":     {"a: b\n", `line 1: the group a is "b"`},
		"hosts that are one":  {"a:\n  hosts: h\n", `line 2: hosts of a is "h"`},
		"a key of no meaning": {"a:\n  hots: {}\n", `line 2: the group a has "hots", which is none of hosts, vars and children`},
		"no variable":         {"a: {hosts: {h: }}\n", "line 1: it has no variable"},
		"a playbook":          {"- hosts: all\n  tasks: []\n", "line 1: the inventory is a list"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := ImportInventory("x.yml", []byte(test.text)); !errors.Is(err, ConfigInvalid.Failf("")) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %s", err, test.says)
			}
		})
	}
}

// FuzzImportInventory demands that what an inventory says never keeps the file that is made of
// it from being used, once the rest is given, nor gets into another field.
func FuzzImportInventory(f *testing.F) {
	f.Add(playbookInventory)
	for _, seed := range []string{"a: {vars: {inf_wan: 'x: y'}}", "a: {vars: {ansible_user: \"b\\n#\", artifact_hash: !!binary aGk=}}", "a: &x {children: *x}", "a: {children: {b: {hosts: {? [c] : {private_deployment: on}}}}}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		draft, told, err := ImportInventory("x.yml", []byte(text))
		if err != nil {
			return
		}
		draft.Domain, draft.Email, draft.Artifact = "green.example.org", "ops@example.org", strings.Repeat("a", 40)
		if problems, err := draft.Problems(); err != nil || len(problems) > 0 {
			t.Errorf("%v %v of %+v", problems, err, draft)
		}
		for _, line := range told {
			if line.Line < 1 || line.Becomes == "" && line.Why == "" {
				t.Errorf("it tells %+v", line)
			}
		}
	})
}

// Only an address of the internet can be the one that clients reach.
func TestHostless(t *testing.T) {
	for address, public := range map[string]bool{"203.0.113.7": true, "10.0.0.1": false, "100.64.0.1": false, "127.0.0.1": false, "kvm1": false, "2001:db8::1": false} {
		if why := hostless(address); strings.Contains(why, "network.public_address") != public {
			t.Errorf("%s: %s", address, why)
		}
	}
}
