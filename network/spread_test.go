package network

import (
	"strings"
	"testing"
)

// What the watcher may have put in force is as good as the full spread, and
// stays when the rules around it are replaced.
func TestReducedSpreadIsKept(t *testing.T) {
	for _, tc := range []struct {
		name  string
		nodes []string
	}{
		{"two", []string{"kubenode1", "kubenode3"}},
		{"one", []string{"kubenode2"}},
		{"all", []string{"kubenode1", "kubenode2", "kubenode3"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			clear(t)
			reduced := wanted(true)
			for i, c := range reduced {
				if c.name == spreadChain {
					reduced[i].rules = cascade(tc.nodes)
				}
			}
			load(t, reduced)
			if why := differs(t, wanted(true)); why != "" {
				t.Errorf("a spread over %v is not taken for one: %s", tc.nodes, why)
			}
			load(t, wanted(false))
			if why := differs(t, wanted(false)); why != "" {
				t.Errorf("not replaced: %s", why)
			}
			got := run(t, "nft", "-s", "list", "chain", "ip", tableName, spreadChain)
			for _, r := range cascade(tc.nodes) {
				if !strings.Contains(got, "\t"+r.String()+"\n") {
					t.Errorf("the spread lacks `%s`:\n%s", r, got)
				}
			}
			if n := strings.Count(got, "goto"); n != len(tc.nodes) {
				t.Errorf("the spread is over %d nodes, want %d:\n%s", n, len(tc.nodes), got)
			}
		})
	}
}
