package cmd

import (
	"strings"
	"testing"

	"wiabctl/provision"
)

func TestForFile(t *testing.T) {
	for _, tc := range []struct{ name, command, file, want string }{
		{"the default file", "sudoedit /etc/wiabctl/wiabctl.yaml", defaultConfig, "sudoedit /etc/wiabctl/wiabctl.yaml"},
		{"another", "sudoedit /etc/wiabctl/wiabctl.yaml", "/srv/green.yaml", "sudoedit /srv/green.yaml"},
		{"one to be quoted", "sudoedit /etc/wiabctl/wiabctl.yaml", "/srv/my $1.yaml", "sudoedit '/srv/my $1.yaml'"},
		{"what is beside it", "ls -l /etc/wiabctl/overlays", "green.yaml", "ls -l overlays"},
		{"wiabctl", "wiabctl domain dns red.example.com", "green.yaml", "wiabctl -c green.yaml domain dns red.example.com"},
		{"wiabctl with sudo", "sudo wiabctl preflight", "/srv/my $1.yaml", "sudo wiabctl -c '/srv/my $1.yaml' preflight"},
		{"what has nothing to do with it", "ls -l /var/lib/wiabctl/keys", "green.yaml", "ls -l /var/lib/wiabctl/keys"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := forFile(tc.command, tc.file); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// TestForFileCatalogue holds the catalogue to what forFile understands.
func TestForFileCatalogue(t *testing.T) {
	for _, k := range provision.Kinds() {
		if got := forFile(k.Command, "/srv/green.yaml"); strings.Contains(got, "/etc/wiabctl/") || strings.HasPrefix(strings.TrimPrefix(got, "sudo "), "wiabctl ") && !strings.Contains(got, " -c /srv/green.yaml ") {
			t.Errorf("%s: %q is of the default file", k.ID, got)
		}
	}
}
