package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGenerate demands a page for each command, and the same pages wherever they are made.
func TestGenerate(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1777593600") // in May 2026
	t.Setenv("WIABCTL_CONFIG", "/home/me/mine.yaml")
	dir := filepath.Join(t.TempDir(), "man1")
	if err := generate([]string{dir}); err != nil {
		t.Fatal(err)
	}
	for name, says := range map[string]string{
		"wiabctl.1":              `/etc/wiabctl/wiabctl.yaml`,
		"wiabctl-up.1":           `\fB--only\fP`,
		"wiabctl-vm-ssh.1":       "sudo wiabctl vm ssh kubenode1",
		"wiabctl-config-init.1":  `\fB--public-address\fP`,
		"wiabctl-snapshot.1":     "wiabctl-snapshot-restore(1)",
		"wiabctl-domain-leaks.1": "WIABCTL-DOMAIN-LEAKS",
	} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.Contains(string(text), says) {
			t.Errorf("%s does not say %s: %v\n%s", name, says, err, text)
		}
		if !strings.Contains(string(text), `"May 2026" "wiabctl"`) || strings.Contains(string(text), "/home/me") || strings.Contains(string(text), "Auto generated") {
			t.Errorf("%s depends on where and when it is made:\n%s", name, text)
		}
	}
	if err := generate(nil); err == nil {
		t.Error("it needs no directory")
	}
}
