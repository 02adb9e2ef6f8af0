package network

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wiabctl/provision/change"
)

func TestContests(t *testing.T) {
	const bridges = "net.bridge.bridge-nf-call-iptables"
	for _, tc := range []struct {
		name, content string
		keys          []string
	}{
		{"nothing", "", nil},
		{"as Kubernetes' guide has it", "net.bridge.bridge-nf-call-iptables  = 1\nnet.bridge.bridge-nf-call-ip6tables = 1\nnet.ipv4.ip_forward = 1\n", []string{bridges}},
		{"with slashes, and errors ignored", "-net/bridge/bridge-nf-call-iptables=1\n", []string{bridges}},
		{"comments", "# net.ipv4.ip_forward = 0\n; net.ipv4.ip_forward = 0\n", nil},
		{"two of ours", "net.ipv4.ip_forward=0\nnet.ipv4.conf.all.rp_filter=1\n", []string{"net.ipv4.ip_forward", "net.ipv4.conf.all.rp_filter"}},
		{"no value", "net.ipv4.ip_forward\n", nil},
		{"one of another interface", "net.ipv4.conf.eth0.rp_filter=1\n", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			warnings, rest := change.Warnings(contests("/etc/sysctl.d/99-x.conf", tc.content))
			if rest != nil || len(warnings) != len(tc.keys) {
				t.Fatalf("%d warnings, and %v", len(warnings), rest)
			}
			for i, key := range tc.keys {
				if w := warnings[i]; w.ID != SettingContested.ID || !strings.Contains(w.Cause, "99-x.conf sets "+key+" to ") || !strings.HasSuffix(w.Remedy, "/d' /etc/sysctl.d/99-x.conf") {
					t.Errorf("%s, %q", w, w.Remedy)
				}
			}
		})
	}
}

// TestSettingsAfter has files of one name in two directories: only the stronger one's counts.
func TestSettingsAfter(t *testing.T) {
	strong, weak := t.TempDir(), t.TempDir()
	for _, file := range []string{strong + "/99-a.conf", weak + "/99-a.conf", weak + "/95-b.conf", strong + "/50-c.conf", strong + "/90-wiabctl.conf", strong + "/99-d.txt"} {
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := settingsAfter([]string{strong, weak, filepath.Join(weak, "none")}, "90-wiabctl.conf")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{weak + "/95-b.conf", strong + "/99-a.conf"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestLegacy(t *testing.T) {
	if err := legacy(""); err != nil {
		t.Errorf("no tables: %v", err)
	}
	warnings, rest := change.Warnings(legacy("nat\nfilter\n"))
	if rest != nil || len(warnings) != 1 || warnings[0].ID != Wall.ID || !strings.Contains(warnings[0].Cause, "(nat, filter)") {
		t.Errorf("two tables: %v, %v", warnings, rest)
	}
}
