package provision

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"wiabctl/provision/change"
)

func TestOSRelease(t *testing.T) {
	for _, test := range []struct {
		name, text, says string
		known            bool
	}{
		{"Debian 12", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\n", "Debian GNU/Linux 12 (bookworm)", true},
		{"Ubuntu 24.04", "PRETTY_NAME='Ubuntu 24.04.1 LTS'\nVERSION_ID='24.04'\nID=ubuntu\nID_LIKE=debian\n", "Ubuntu 24.04.1 LTS", true},
		{"Ubuntu 22.04", "ID=ubuntu\nVERSION_ID=\"22.04\"\n", "a system that does not tell its name", true},
		{"Debian 13", "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nID=debian\nVERSION_ID=\"13\"\n", "Debian GNU/Linux 13 (trixie)", false},
		{"Ubuntu's like", "PRETTY_NAME=\"Linux Mint 22\"\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\nVERSION_ID=\"22\"\n", "Linux Mint 22", false},
		{"testing has no version", "ID=debian\n", "a system that does not tell its name", false},
		{"nothing", "", "a system that does not tell its name", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "os-release")
			if err := os.WriteFile(file, []byte(test.text), 0o644); err != nil {
				t.Fatal(err)
			}
			release, err := readOSRelease("/nowhere", file)
			if err != nil || release.String() != test.says || release.known() != test.known {
				t.Errorf("%q, known %v, %v", release, release.known(), err)
			}
		})
	}
	if release, err := readOSRelease("/nowhere"); err != nil || release.known() {
		t.Errorf("without the file: %v, %v", release, err)
	}
}

func TestMissing(t *testing.T) {
	there := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(there, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if got := missingOf([]need{{"a", there}, {"b", there + "-not"}}); len(got) != 1 || got[0] != "b" {
		t.Errorf("missing: %v", got)
	}
}

// An unknown system is refused only where packages would have to be installed.
func TestUnknownSystem(t *testing.T) {
	unknown := osRelease{id: "other", name: "Other 1"}
	if err := unknown.obstacle([]string{"docker.io"}); !errors.Is(err, SystemUnknown.Failf("")) {
		t.Errorf("with a package missing: %v", err)
	}
	if warnings, err := change.Warnings(unknown.obstacle(nil)); len(warnings) != 1 || err != nil {
		t.Errorf("with all programs there: warnings %v, %v", warnings, err)
	}
	if err := (osRelease{id: "debian", version: "12"}).obstacle([]string{"docker.io"}); err != nil {
		t.Errorf("on Debian 12: %v", err)
	}
}
