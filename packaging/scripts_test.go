package packaging

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// host is one with an /etc and a /run of its own, in which systemctl writes down how it was called.
const host = `
mount -t tmpfs none /etc && mount -t tmpfs none /run
mkdir -p /run/systemd/system /etc/systemd/system
systemctl() { echo "systemctl $*"; }
`

// The scripts touch the watcher where there is one, and nothing else of systemd's.
func TestScripts(t *testing.T) {
	const ours, moved = "ExecStart=/usr/bin/wiabctl network watch\n", "ExecStart=/usr/local/bin/wiabctl network watch\n"
	for name, test := range map[string]struct{ script, argument, unit, want string }{
		"first installation":             {"installed.sh", "configure", "", ""},
		"upgrade around an installation": {"installed.sh", "configure", ours, "systemctl try-restart wiabctl-health.service\n"},
		"removal, dpkg":                  {"removing.sh", "remove", ours, "systemctl --quiet disable --now wiabctl-health.service\n"},
		"removal, rpm":                   {"removing.sh", "0", ours, "systemctl --quiet disable --now wiabctl-health.service\n"},
		"removal without installation":   {"removing.sh", "remove", "", ""},
		"another binary is the watcher":  {"removing.sh", "remove", moved, ""},
		"removal for an upgrade, dpkg":   {"removing.sh", "upgrade", ours, ""},
		"removal for an upgrade, rpm":    {"removing.sh", "1", ours, ""},
	} {
		t.Run(name, func(t *testing.T) {
			script, err := os.ReadFile(test.script)
			if err != nil {
				t.Fatal(err)
			}
			unit := filepath.Join(t.TempDir(), "unit")
			if err := os.WriteFile(unit, []byte(test.unit), 0o644); err != nil {
				t.Fatal(err)
			}
			put := `[ ! -s "$2" ] || cp "$2" /etc/systemd/system/wiabctl-health.service` + "\n"
			got := run(t, "", "unshare", "--user", "--map-root-user", "--mount", "sh", "-c", host+put+string(script), "sh", test.argument, unit)
			if got, _, _ = strings.Cut(got, "wiabctl: the installation on this host stays"); got != test.want {
				t.Errorf("it said %q, want %q", got, test.want)
			}
		})
	}
}
