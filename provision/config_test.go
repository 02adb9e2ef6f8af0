package provision

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wiabctl/provision/change"
)

const smallest = `# The whole installation.
domain: green.example.org
email: ops@example.org
artifact: {hash: 5b01f250e128db689715558bad6b5e532cf4a7a0}
`

func TestParseSmallest(t *testing.T) {
	config, err := Parse([]byte(smallest))
	if err != nil {
		t.Fatal(err)
	}
	if config.Deployment != "wire" || config.Host != (HostSpec{User: "wire"}) || config.Calling.Mode != "self-hosted" || config.Calling.Node != "kubenode3" {
		t.Errorf("defaults: %+v", config)
	}
	if config.Network.Subnet.String() != "192.168.122.0/24" || config.VMs.Ready != 10*time.Minute || config.VMs.User != "demo" {
		t.Errorf("the parts' defaults: %+v %+v", config.Network, config.VMs)
	}
	if !strings.Contains(config.Artifact.URL, config.Artifact.Hash) {
		t.Errorf("the artifact's URL is %s", config.Artifact.URL)
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		name, content string
		says          []string // all lines, in order
	}{
		{"unknown field", "colour: blue\n" + smallest, []string{"line 1: colour: there is no such field"}},
		{"unknown field deep inside", smallest + "vms:\n  sizes:\n    kubenode: {ram: 9GiB}\n", []string{"line 7: vms.sizes.kubenode.ram: there is no such field"}},
		{"a part's value, with its line", smallest + "vms:\n  accel: xen\n", []string{"line 6: vms.accel: "}},
		{"all problems at once", strings.Replace(smallest, "green.example.org", "Green", 1) + "calling: maybe\nhost:\n  user: root\nnetwork: {subnet: 8.8.8.0/24}\n",
			[]string{"line 2: domain: ", "line 5: calling.mode: ", "line 7: host.user: ", "line 8: network.subnet: "}},
		{"an inventory's variable, with its line", smallest + "cluster:\n  inventory:\n    kube-node:\n      hosts:\n        kubenode4: {a: 1}\n    all:\n      vars:\n        b: 2\n        ansible_user: x\n",
			[]string{"line 9: cluster.inventory.kube-node.hosts.kubenode4: ", "line 13: cluster.inventory.all.vars.ansible_user: is what wiabctl sets, by vms.user"}},
		{"missing fields", "deployment: wire\n", []string{"line 1: domain: ", "line 1: email: ", "line 1: artifact."}},
		{"an extra domain, with its line", smallest + "domains:\n  - {domain: red.example.com}\n  - domain: red.example.com\n", []string{"line 7: domains[1]."}},
		{"HTTPS from the proxies, and a domain without one", smallest + "network: {https: proxies}\ndomains:\n  - {domain: red.example.com, proxy: {address: 198.51.100.20}}\n",
			[]string{"line 5: network.https: proxies is possible only where every domain has a proxy, for nobody else gets in; these have none: green.example.org"}},
		{"a proxy, with its line", smallest + "domains:\n  - domain: red.example.com\n    proxy: {address: 127.0.0.1}\n", []string{"line 7: domains[0].proxy.address: "}},
		{"wrong type", smallest + "vms: [1, 2]\n", []string{"line 5: vms: is a list, wanted is a mapping"}},
		{"not YAML", "domain: [\n", []string{"line 1: not YAML: "}},
		{"empty", "", []string{"line 1: the file is empty"}},
		{"deployment that is no name", smallest + "deployment: ../../etc\n", []string{"line 5: deployment: "}},
		{"user with a shell's characters", smallest + "host: {user: 'a;b'}\n", []string{"line 5: host.user: "}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse([]byte(test.content))
			if err == nil {
				t.Fatal("it was taken")
			}
			lines := strings.Split(err.Error(), "\n")
			for i, says := range test.says {
				if i >= len(lines) || !strings.HasPrefix(lines[i], says) {
					t.Fatalf("line %d of the refusal does not begin %q:\n%v", i+1, says, err)
				}
			}
		})
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	if _, err := Load(filepath.Join(dir, "none.yaml")); !errors.Is(err, ConfigMissing.Failf("")) {
		t.Errorf("a missing file: %v, want config-missing", err)
	}
	file := filepath.Join(dir, "bad.yaml")
	if err := os.WriteFile(file, []byte("colour: blue\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(file); !errors.Is(err, ConfigInvalid.Failf("")) || !strings.Contains(err.Error(), file) {
		t.Errorf("a bad file: %v, want config-invalid with the file's name", err)
	}
}

func TestRenewalCheck(t *testing.T) {
	for setting, want := range map[string][]string{
		"egress: none": {"egress-closed"}, "egress: acme": nil, "egress: full": nil,
		"hairpin: never": {"hairpin-closed"}, "hairpin: auto": nil, "hairpin: always": nil,
		"egress: none, hairpin: never": {"egress-closed", "hairpin-closed"},
	} {
		config, err := Parse([]byte(smallest + "network: {" + setting + "}\n"))
		if err != nil {
			t.Fatal(err)
		}
		warnings, err := change.Warnings(Open(config, nil).renewalCheck(t.Context()))
		var got []string
		for _, w := range warnings {
			got = append(got, w.ID)
			if !strings.Contains(w.Cause, "green-example-org-csr, sftd") {
				t.Errorf("%s does not name the certificates: %s", setting, w.Cause)
			}
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: warnings %v, %v", setting, got, err)
		}
	}
}
