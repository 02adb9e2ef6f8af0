package provision

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const viewed = `# ours
domain: green.example.org
email: ops@example.org
artifact: {hash: 5b01f250e128db689715558bad6b5e532cf4a7a0, url: 'https://me:hunter2@mirror.example.org/a.tgz'} # here
calling: none
vms:
  sizes: {kubenode: {memory: 6GiB}}
  keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBQb2Rjv9eQXo0HkMkCkz0DkvAl3EFLdAg5oTkBaZT1l me]
network:
  wan: eth1 # the fast one
  egress: full
domains:
  - domain: red.example.com
cluster:
  inventory:
    all:
      vars: {ansible_password: correct horse, calico_mtu: 1400}
`

func TestViewConfig(t *testing.T) {
	file := filepath.Join(t.TempDir(), "wiabctl.yaml")
	if err := os.WriteFile(file, []byte(viewed), 0o600); err != nil {
		t.Fatal(err)
	}
	view, err := ViewConfig(file, Override{"network.egress", "acme", "WIABCTL_NETWORK_EGRESS"}, Override{"vms.ready", "5m", "--set"})
	if err != nil {
		t.Fatal(err)
	}
	text, err := view.YAML()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, filepath.Join("testdata", "view.yaml"), text)
	for _, secret := range []string{"hunter2", "correct horse"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the view shows %s", secret)
		}
	}
	// What the view says is a configuration that says the same.
	again, err := Parse([]byte(strings.Replace(string(text), "(hidden)", "https://mirror.example.org/a.tgz", 1)))
	if err != nil || again.VMs.Ready.Minutes() != 5 || again.Network.Egress != "acme" || again.Calling.Mode != CallingNone || again.VMs.Sizes.Kubenode.Memory.String() != "6GiB" {
		t.Errorf("%v: %+v", err, again)
	}
}

func TestViewFields(t *testing.T) {
	file := filepath.Join(t.TempDir(), "of us.yaml")
	if err := os.WriteFile(file, []byte(viewed), 0o600); err != nil {
		t.Fatal(err)
	}
	view, err := ViewConfig(file, Override{"network.egress", "acme", "--set"})
	if err != nil {
		t.Fatal(err)
	}
	fields, err := view.Fields()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Field{}
	for _, f := range fields {
		got[f.Path] = f
	}
	for _, want := range []Field{
		{"domain", "green.example.org", "of us.yaml:2"}, {"calling.mode", "none", "of us.yaml:5"}, {"calling.node", "kubenode3", "default"}, {"network.egress", "acme", "--set"},
		{"network.wan", "eth1", "of us.yaml:10"}, {"vms.sizes.kubenode.memory", "6GiB", "of us.yaml:7"}, {"vms.sizes.kubenode.cpus", 5, "default"}, {"host.upgrade", false, "default"},
		{"domains[0].domain", "red.example.com", "of us.yaml:13"}, {"domains[0].title", "red.example.com", "default"}, {"domains[0].apps[1]", "teams", "default"},
		{"artifact.url", "(hidden)", "of us.yaml:4"}, {"cluster.inventory.all.vars.calico_mtu", 1400, "of us.yaml:17"}, {"cluster.inventory.all.vars.ansible_password", "(hidden)", "of us.yaml:17"},
	} {
		if got[want.Path] != want {
			t.Errorf("%s is %+v, want %+v", want.Path, got[want.Path], want)
		}
	}
	for _, absent := range []string{"network.public_address", "artifact.sha256", "proxy", "vms.timezone"} {
		if f, there := got[absent]; there {
			t.Errorf("what has no value is told: %+v", f)
		}
	}
}

func TestHidden(t *testing.T) {
	for _, test := range []struct {
		path, value string
		want        bool
	}{
		{"cluster.inventory.all.vars.registry_auth", "x", true}, {"cluster.inventory.all.vars.calico_mtu", "1400", false}, {"cluster.inventory.kube-node.hosts.kubenode1.api_key", "x", true},
		{"artifact.url", "https://me:x@mirror.example.org/a.tgz", true}, {"artifact.url", "https://mirror.example.org:8443/a.tgz", false}, {"vms.keys[0]", "ssh-ed25519 AAAA me", false},
		{"calling.secret", "/etc/wiabctl/turn", false}, {"domains[0].certificate.solvers[0].dns01.webhook.config.token", "x", true}, {"vms.key", "/root/key", false},
	} {
		if got := hidden(test.path, test.value); got != test.want {
			t.Errorf("%s: %s is hidden: %v", test.path, test.value, got)
		}
	}
}
