package provision

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wiabctl/ingress"
)

func TestSetting(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"no part", "domain: a # here\n", "domain: a # here\nnetwork:\n  hairpin: never\n"},
		{"no part, no line break", "domain: a", "domain: a\nnetwork:\n  hairpin: never\n"},
		{"the value is replaced", "network:\n  # why\n  hairpin: always # for ACME\n  wan: eth0\n", "network:\n  # why\n  hairpin: never # for ACME\n  wan: eth0\n"},
		{"a quoted value", "network: {hairpin: 'always', wan: eth0}\n", "network: {hairpin: never, wan: eth0}\n"},
		{"a value in double quotes", "network:\n  hairpin: \"auto\"\n", "network:\n  hairpin: never\n"},
		{"it is there already", "network:\n  hairpin: never\n", "network:\n  hairpin: never\n"},
		{"into a block", "network: # ours\n    # the way in\n    wan: eth0\nvms: {}\n", "network: # ours\n    hairpin: never\n    # the way in\n    wan: eth0\nvms: {}\n"},
		{"into braces", "network: {wan: eth0} # ours\n", "network: {hairpin: never, wan: eth0} # ours\n"},
		{"into empty braces", "network: {}\n", "network: {hairpin: never}\n"},
		{"into nothing", "network:\nvms: {}\n", "network:\n  hairpin: never\nvms: {}\n"},
		{"into nothing at the end", "network:", "network:\n  hairpin: never\n"},
		{"with carriage returns", "network:\r\n  wan: eth0\r\n", "network:\r\n  hairpin: never\r\n  wan: eth0\r\n"},
		{"an alias", "x: &n {wan: eth0}\nnetwork: *n\n", ""},
		{"null", "network: null\n", ""},
		{"a list", "- network\n", ""},
		{"not YAML", "network: [\n", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := setting{"network", "hairpin", "never"}.in([]byte(tc.text))
			if tc.want == "" {
				if !errors.Is(err, ingress.ConfigurationUneditable.Failf("")) {
					t.Errorf("got %q, %v; want a refusal", got, err)
				}
				return
			}
			if err != nil || string(got) != tc.want {
				t.Errorf("got %q, %v\nwant %q", got, err, tc.want)
			}
		})
	}
}

func TestSetHairpin(t *testing.T) {
	file := filepath.Join(t.TempDir(), "wiabctl.yaml")
	if err := os.WriteFile(file, []byte(smallest), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := SetHairpin(file, "sometimes"); !errors.Is(err, ConfigInvalid.Failf("")) {
		t.Errorf("a mode that there is not: %v", err)
	}
	if text, _ := os.ReadFile(file); string(text) != smallest {
		t.Errorf("a refusal changed the file:\n%s", text)
	}
	if err := SetHairpin(file, "never"); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(file)
	if config, err := Parse(text); err != nil || config.Network.Hairpin != "never" || !strings.HasPrefix(string(text), smallest) {
		t.Errorf("%v\n%s", err, text)
	}
}
