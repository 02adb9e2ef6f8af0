package cluster

import (
	"bytes"
	"os"
	"testing"

	"gopkg.in/yaml.v3"
)

// FuzzMergeKubeconfig demands that what somebody's kubeconfig says is refused, or still there
// afterwards, and that a second merge changes nothing.
func FuzzMergeKubeconfig(f *testing.F) {
	for _, seed := range []string{"", "clusters: null\nusers: []\n", "clusters: [wire]\n", "a: &a [*a]\n", "current-context: x\ncontexts:\n- &c {name: c, context: {}}\n- *c\n", "--- !!map\n", "? [a]\n: b\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, into []byte) {
		merged, err := MergeKubeconfig(into, []byte(adminKubeconfig), "wire")
		if err != nil {
			return
		}
		again, err := MergeKubeconfig(merged, []byte(adminKubeconfig), "wire")
		if err != nil || !bytes.Equal(again, merged) {
			t.Errorf("of %q came %q, and of that %q, %v", into, merged, again, err)
		}
		var before, after struct {
			Current  string `yaml:"current-context"`
			Clusters []struct{ Name string }
		}
		if yaml.Unmarshal(into, &before) != nil || len(bytes.TrimSpace(into)) == 0 {
			return
		}
		if err := yaml.Unmarshal(merged, &after); err != nil || after.Current != before.Current || len(after.Clusters) < len(before.Clusters) {
			t.Errorf("of %q came %q, %v", into, merged, err)
		}
	})
}

// FuzzEditInventory demands that an inventory that people have been at is refused, or edited once for all.
func FuzzEditInventory(f *testing.F) {
	template, err := os.ReadFile("testdata/staging.yml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(template)
	for _, seed := range []string{"", "all: 1\n", "all: {hosts: &h {assethost: *h}}\n", "all:\n  hosts:\n    assethost: {ansible_host: [a]}\n"} {
		f.Add([]byte(seed))
	}
	inventory := testInventory(nil)
	f.Fuzz(func(t *testing.T, content []byte) {
		edited, _, err := inventory.edit(content)
		if err != nil {
			return
		}
		if again, different, err := inventory.edit(edited); err != nil || len(different) > 0 || !bytes.Equal(again, edited) {
			t.Errorf("of %q came %q, and of that %q: %v, %v", content, edited, again, different, err)
		}
	})
}
