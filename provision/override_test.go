package provision

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOverrides(t *testing.T) {
	for _, test := range []struct {
		name         string
		environ, set []string
		want         []Override
		says         string
	}{
		{"nothing", []string{"PATH=/bin", "LANG=C"}, nil, nil, ""},
		{"the command line after the environment", []string{"WIABCTL_NETWORK_EGRESS=full"}, []string{"network.egress=none"},
			[]Override{{"network.egress", "full", "WIABCTL_NETWORK_EGRESS"}, {"network.egress", "none", "--set"}}, ""},
		{"a field whose name has a line below", []string{"WIABCTL_VMS_KNOWN_HOSTS=/a=b"}, nil, []Override{{"vms.known_hosts", "/a=b", "WIABCTL_VMS_KNOWN_HOSTS"}}, ""},
		{"an empty variable is none, an empty setting is", []string{"WIABCTL_EMAIL="}, []string{"email="}, []Override{{"email", "", "--set"}}, ""},
		{"other variables of ours", []string{"WIABCTL_OUTPUT=json"}, nil, nil, ""},
		{"a variable with a typo", []string{"WIABCTL_NETWORK_PUBLIC_ADRES=1.2.3.4"}, nil, nil, "WIABCTL_NETWORK_PUBLIC_ADRES, which is the variable of no field; did you mean WIABCTL_NETWORK_PUBLIC_ADDRESS?"},
		{"a variable of nothing", []string{"WIABCTL_XXXXXXXXXX=1"}, nil, nil, "is the variable of no field"},
		{"a part", nil, []string{"network=x"}, nil, "network is no field with one value"},
		{"a list", nil, []string{"artifact.mirrors=x"}, nil, "artifact.mirrors is no field with one value"},
		{"within a list", nil, []string{"domains[0].title=x"}, nil, "is no field with one value"},
		{"the format", nil, []string{"apiVersion=x"}, nil, "is no field with one value"},
		{"a typo", nil, []string{"network.egres=x"}, nil, "did you mean network.egress?"},
		{"a password", nil, []string{"artifact.url=https://me:hunter2@mirror.example.org/a.tgz"}, nil, "give it as WIABCTL_ARTIFACT_URL"},
		{"no value", nil, []string{"email"}, nil, "--set email is not of the form path=value"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Overrides(test.environ, test.set, []string{"WIABCTL_OUTPUT"})
			if test.says != "" {
				if !errors.Is(err, BadUsage.Failf("")) || !strings.Contains(err.Error(), test.says) {
					t.Fatalf("got %v, want usage that says %q", err, test.says)
				}
				return
			}
			if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
}

// TestVariables demands that no two fields have one variable, nor one of the command line's.
func TestVariables(t *testing.T) {
	seen := map[string]string{"WIABCTL_CONFIG": "--config", "WIABCTL_OUTPUT": "--output", "WIABCTL_YES": "--yes"}
	for _, path := range Settable() {
		if other, taken := seen[Variable(path)]; taken {
			t.Errorf("%s and %s have the variable %s", path, other, Variable(path))
		}
		seen[Variable(path)] = path
	}
	for _, path := range []string{"domain", "email", "artifact.hash", "calling.mode", "host.upgrade", "vms.sizes.kubenode.memory", "vms.ready", "vms.proxy.http",
		"network.wan", "network.public_address", "network.firewall.prove", "proxy.address", "proxy.ssh.port", "cluster.ready"} {
		if !slices.Contains(Settable(), path) {
			t.Errorf("%s cannot be set", path)
		}
	}
}

func TestParseOverridden(t *testing.T) {
	config, err := Parse([]byte(smallest+"calling: none\nnetwork: {egress: none, name: mine}\nhost: {upgrade: true}\n"),
		Override{"calling.mode", "self-hosted", "A"}, Override{"calling.node", "kubenode1", "A"}, Override{"network.egress", "full", "A"}, Override{"network.egress", "acme", "B"},
		Override{"network.name", "", "B"}, Override{"host.upgrade", "false", "B"}, Override{"network.wan", "eth1", "B"}, Override{"proxy.address", "198.51.100.9", "B"},
		Override{"vms.sizes.kubenode.memory", "6GiB", "B"}, Override{"network.public_address", "203.0.113.7", "B"}, Override{"artifact.hash", strings.Repeat("1", 40), "B"})
	if err != nil {
		t.Fatal(err)
	}
	got := []any{string(config.Calling.Mode), config.Calling.Node, string(config.Network.Egress), config.Network.Name, config.Host.Upgrade, strings.Join(config.Network.WAN, " "),
		config.Ingress.Proxy.Address.String(), config.VMs.Sizes.Kubenode.Memory.String(), config.Network.PublicAddress.String(), config.Artifact.Hash, strings.Contains(config.Artifact.URL, "1111")}
	want := []any{"self-hosted", "kubenode1", "acme", "wirebox", false, "eth1", "198.51.100.9", "6GiB", "203.0.113.7", strings.Repeat("1", 40), true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseRefusesOverrides(t *testing.T) {
	_, err := Parse([]byte(smallest+"network: {egress: some}\n"), Override{"vms.sizes.kubenode.memory", "much", "WIABCTL_A"}, Override{"network.egress", "{a: b}", "WIABCTL_B"}, Override{"network.https", "nobody", "--set"})
	want := "WIABCTL_A: vms.sizes.kubenode.memory: \"much\" is not a size such as 9216MiB or 150GiB\n" +
		"WIABCTL_B: network.egress: \"{a: b}\" is none of none, acme and full\n" +
		"--set: network.https: \"nobody\" is neither everybody nor proxies"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// TestOverriddenIsNotWritten refuses to write what would have no effect.
func TestOverriddenIsNotWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "wiabctl.yaml")
	if err := os.WriteFile(file, []byte(smallest), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := SetHairpin(file, "never", Override{"network.hairpin", "auto", "WIABCTL_NETWORK_HAIRPIN"}); !errors.Is(err, BadUsage.Failf("")) {
		t.Errorf("the hairpin: %v", err)
	}
	if _, err := PlanRollback(file, "", Override{"artifact.sha256", "x", "--set"}); !errors.Is(err, BadUsage.Failf("")) {
		t.Errorf("a rollback: %v", err)
	}
	if text, _ := os.ReadFile(file); string(text) != smallest {
		t.Errorf("the file is now %s", text)
	}
	if err := SetHairpin(file, "never", Override{"network.egress", "full", "--set"}); err != nil {
		t.Errorf("another field: %v", err)
	}
}

// TestEditOverridden adds a domain to a file that is none without what overrides it.
func TestEditOverridden(t *testing.T) {
	file := filepath.Join(t.TempDir(), "wiabctl.yaml")
	const text = "email: ops@example.org # who\nartifact: {hash: 5b01f250e128db689715558bad6b5e532cf4a7a0}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	domain := Override{"domain", "green.example.org", "WIABCTL_DOMAIN"}
	add := Adding(typed("red.example.com"))
	if _, err := add.Check(t.Context(), file); err == nil {
		t.Error("a file without a domain is taken")
	}
	if _, err := Adding(typed("green.example.org")).Check(t.Context(), file, domain); err == nil {
		t.Error("the default domain is taken once more")
	}
	if _, err := add.Check(t.Context(), file, domain, Override{"vms.ready", "soon", "--set"}); err == nil || !strings.Contains(err.Error(), "--set: vms.ready: ") {
		t.Errorf("a wrong override: %v", err)
	}
	if err := add.Make(t.Context(), file, domain); err != nil {
		t.Fatal(err)
	}
	if have, _ := os.ReadFile(file); string(have) != text+"domains:\n  - domain: red.example.com\n" {
		t.Errorf("the file says\n%s", have)
	}
}
