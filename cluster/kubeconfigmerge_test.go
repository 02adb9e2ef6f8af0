package cluster

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const adminKubeconfig = `apiVersion: v1
kind: Config
clusters:
- cluster:
    certificate-authority-data: Q0E=
    server: https://192.168.122.21:6443
  name: cluster.local
contexts:
- context: {cluster: cluster.local, user: kubernetes-admin}
  name: kubernetes-admin@cluster.local
current-context: kubernetes-admin@cluster.local
users:
- name: kubernetes-admin
  user: {client-certificate-data: Q1JU, client-key-data: S0VZ}
`

func TestMergeKubeconfig(t *testing.T) {
	for _, test := range []struct{ name, into, golden string }{
		{"into nothing", "", "kubeconfig-new"},
		{"beside another's", "# mine\napiVersion: v1\nclusters:\n- cluster: {server: https://there:6443} # work\n  name: work\ncontexts:\n- context: {cluster: work, user: me}\n  name: work\n" +
			"current-context: work\nkind: Config\npreferences: {colors: true}\nusers:\n- name: me\n  user: {token: T}\n", "kubeconfig-beside"},
		{"empty lists", "apiVersion: v1\nkind: Config\nclusters: null\nusers: []\n", "kubeconfig-lists"},
	} {
		t.Run(test.name, func(t *testing.T) {
			merged, err := MergeKubeconfig([]byte(test.into), []byte(adminKubeconfig), "wire")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, test.golden+".golden.yml", merged)
			again, err := MergeKubeconfig(merged, []byte(strings.ReplaceAll(adminKubeconfig, "192.168.122.21", "192.168.122.22")), "wire")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.ReplaceAll(string(merged), "192.168.122.21", "192.168.122.22"), string(again)); diff != "" {
				t.Errorf("merged again (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMergeKubeconfigRefuses(t *testing.T) {
	for _, test := range []struct{ name, into, says string }{
		{"somebody else's cluster", "clusters:\n- cluster: {server: https://there:6443}\n  name: wire\n", `line 2: it has a cluster "wire" already, which is not wiabctl's`},
		{"somebody else's user", "users:\n- {name: wire, user: {token: T}}\n", `a user "wire" already`},
		{"somebody else's context", "contexts:\n- {name: wire, context: {extensions: [{name: minikube}]}}\n", `a context "wire" already`},
		{"no list", "clusters: {}\n", "its clusters are no list"},
		{"no mapping in a list", "clusters: [wire]\n", "one of its clusters is no mapping"},
		{"no mapping", "- a\n", "it is no kubeconfig"},
		{"no YAML", "clusters: [\n", "it is no kubeconfig"},
	} {
		t.Run(test.name, func(t *testing.T) {
			merged, err := MergeKubeconfig([]byte(test.into), []byte(adminKubeconfig), "wire")
			if !errors.Is(err, KubeconfigRefused.Failf("")) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%s, %v; want an error that says %q", merged, err, test.says)
			}
		})
	}
	for _, from := range []string{"", "clusters: []\n", strings.Replace(adminKubeconfig, "user: {", "someone: {", 1)} {
		if merged, err := MergeKubeconfig(nil, []byte(from), "wire"); err == nil || errors.Is(err, KubeconfigRefused.Failf("")) {
			t.Errorf("of %q came %s, %v; want an error that does not blame the other one", from, merged, err)
		}
	}
}
