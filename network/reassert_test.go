package network

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wiabctl/provision/change"
)

func TestFlushed(t *testing.T) {
	needRoot(t)
	os.Remove(filepath.Join(unitsDir, "sysinit.target.wants", nftablesUnit))
	for _, tc := range []struct {
		name    string
		enabled bool
		conf    string
		warns   bool
	}{
		{"as Debian ships it", false, "#!/usr/sbin/nft -f\n\nflush ruleset\n\ntable inet filter {\n}\n", false},
		{"enabled", true, "#!/usr/sbin/nft -f\n\nflush ruleset\n\ntable inet filter {\n}\n", true},
		{"in a line with others", true, "table inet x; flush  ruleset;\n", true},
		{"only its own", true, "# never flush ruleset\nadd table inet x\nflush table inet x\n", false},
		{"without a file", true, "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			os.Remove(nftablesConf)
			if tc.enabled {
				enableNftables(t)
			}
			if tc.conf != "" {
				if err := os.WriteFile(nftablesConf, []byte(tc.conf), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			warnings, err := change.Warnings(flushed())
			if err != nil || (len(warnings) == 1) != tc.warns || tc.warns && (warnings[0].ID != Flush.ID || !strings.Contains(warnings[0].Cause, nftablesConf)) {
				t.Errorf("got %v, %v; want a warning: %v", warnings, err, tc.warns)
			}
		})
	}
}

// enableNftables has nftables.service start at boot, as systemctl does on Debian.
func enableNftables(t *testing.T) {
	t.Helper()
	link := filepath.Join(unitsDir, "sysinit.target.wants", nftablesUnit)
	if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
		t.Fatal(err)
	}
	os.Remove(link)
	if err := os.Symlink("/lib/systemd/system/"+nftablesUnit, link); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(link) })
}

// The directory of somebody else's part of nftables.service stays.
func TestTidy(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "nftables.service.d")
	if err := tidy(directory); err != nil {
		t.Errorf("nothing there: %v", err)
	}
	if err := os.MkdirAll(filepath.Join(directory, "theirs"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := tidy(directory); err != nil {
		t.Errorf("somebody else's: %v", err)
	}
	if err := os.Remove(filepath.Join(directory, "theirs")); err != nil {
		t.Fatal(err)
	}
	if err := tidy(directory); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(directory); !os.IsNotExist(err) {
		t.Errorf("the empty directory stays (%v)", err)
	}
}
