package provision

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"wiabctl/assets"
	"wiabctl/ingress"
)

// version was last active so many hours after a day in the past; never, for 0.
func version(digit string, hours int, active bool) Version {
	v := Version{Hash: strings.Repeat(digit, 40), SHA256: strings.Repeat(digit, 64), URL: "https://mirror.example.org/" + digit + ".tgz", Active: active}
	if hours > 0 {
		v.Activated = time.Date(2026, 11, 1, hours, 0, 0, 0, time.UTC)
	}
	return v
}

func TestBackTo(t *testing.T) {
	hash := func(digit string) string { return strings.Repeat(digit, 40) }
	for _, test := range []struct {
		name       string
		versions   []Version
		configured string
		hash       string
		want       string // a digit; empty: refused
	}{
		{"the one before", []Version{version("a", 1, false), version("b", 2, false), version("c", 3, true)}, hash("c"), "", "b"},
		{"and back again", []Version{version("a", 5, false), version("b", 6, true), version("c", 3, false)}, hash("b"), "", "a"},
		{"one that almost became active is none", []Version{version("a", 1, false), version("b", 2, true), version("c", 3, false)}, hash("b"), "", "a"},
		{"the configured one never became active", []Version{version("a", 1, false), version("b", 2, true)}, hash("c"), "", "b"},
		{"the configured one is not even unpacked whole", []Version{version("a", 1, true), version("b", 0, false)}, hash("b"), "", "a"},
		{"a certain one", []Version{version("a", 1, false), version("b", 2, false), version("c", 3, true)}, hash("c"), hash("a"), "a"},
		{"a certain one, which is active", []Version{version("a", 1, false), version("b", 2, true)}, hash("c"), hash("b"), "b"},
		{"an unknown one", []Version{version("a", 1, false), version("b", 2, true)}, hash("b"), hash("f"), ""},
		{"one that never was active", []Version{version("a", 0, false), version("b", 2, true)}, hash("b"), hash("a"), ""},
		{"the first version", []Version{version("a", 1, true)}, hash("a"), "", ""},
		{"no version", nil, hash("a"), "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := backTo(test.versions, test.configured, test.hash)
			switch {
			case test.want == "" && !errors.Is(err, VersionUnknown.Failf("")):
				t.Errorf("got %s, %v; want a refusal", got.Hash, err)
			case test.want != "" && (err != nil || got.Hash != hash(test.want)):
				t.Errorf("got %s, %v; want %s", got.Hash, err, test.want)
			}
		})
	}
}

func TestRollbackTo(t *testing.T) {
	const rest = "domain: green.example.org\nemail: ops@example.org\n"
	hash, sum := strings.Repeat("a", 40), strings.Repeat("a", 64)
	usual := assets.Spec{Hash: hash}
	usual.Defaults()
	numeric := version("7", 1, false)
	numeric.URL = strings.ReplaceAll(usual.URL, hash, numeric.Hash)
	public := version("a", 1, false)
	public.URL = usual.URL
	for _, test := range []struct {
		name, text string
		version    Version
		want       string // empty: refused
	}{
		{"a hash alone", "artifact: {hash: 5b01f250e128db689715558bad6b5e532cf4a7a0} # 5.32\n", public, "artifact: {hash: " + hash + "} # 5.32\n"},
		{"a hash of digits alone", "artifact: {hash: 5b01f250e128db689715558bad6b5e532cf4a7a0}\n", numeric, "artifact: {hash: \"" + numeric.Hash + "\"}\n"},
		{"from another place than before", "artifact:\n  hash: 5b01f250e128db689715558bad6b5e532cf4a7a0 # 5.32\n", version("a", 1, false),
			"artifact:\n  url: https://mirror.example.org/a.tgz\n  hash: " + hash + " # 5.32\n"},
		{"all of it", "artifact:\n  # ours\n  hash: 5b01f250e128db689715558bad6b5e532cf4a7a0\n  url: 'https://mirror.example.org/5.tgz' # slow\n  sha256: " + strings.Repeat("5", 64) + "\n", version("a", 1, false),
			"artifact:\n  # ours\n  hash: " + hash + "\n  url: https://mirror.example.org/a.tgz # slow\n  sha256: " + sum + "\n"},
		{"a URL that tells the hash", "artifact: {url: https://mirror.example.org/5b01f250e128db689715558bad6b5e532cf4a7a0.tgz}\n", version("a", 1, false),
			"artifact: {hash: " + hash + ", url: https://mirror.example.org/a.tgz}\n"},
		{"an alias", "artifact: &a {hash: 5b01f250e128db689715558bad6b5e532cf4a7a0}\nhost: {user: *a}\n", public, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "wiabctl.yaml")
			if err := os.WriteFile(file, []byte(rest+test.text), 0o640); err != nil {
				t.Fatal(err)
			}
			back, err := rollbackTo(file, test.version, nil)
			if text, _ := os.ReadFile(file); string(text) != rest+test.text {
				t.Errorf("planning changed the file:\n%s", text)
			}
			if test.want == "" {
				if !errors.Is(err, ingress.ConfigurationUneditable.Failf("")) && !errors.Is(err, ConfigInvalid.Failf("")) {
					t.Errorf("got %v; want a refusal", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := back.Write(); err != nil {
				t.Fatal(err)
			}
			if text, _ := os.ReadFile(file); string(text) != rest+test.want {
				t.Errorf("the file says\n%s\nwant\n%s", text, rest+test.want)
			}
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
				t.Errorf("%v, %v", info, err)
			}
			config, err := Load(file)
			if err != nil || !reflect.DeepEqual(config.Artifact, back.Config.Artifact) || config.Artifact.Hash != test.version.Hash || config.Artifact.URL != test.version.URL {
				t.Errorf("it means %+v, %v", config.Artifact, err)
			}
		})
	}
}

// What somebody wrote into the file while the question stood there stays.
func TestRollbackAfterAnEdit(t *testing.T) {
	const before = "domain: green.example.org\nemail: ops@example.org\nartifact: {hash: 5b01f250e128db689715558bad6b5e532cf4a7a0}\n"
	file := filepath.Join(t.TempDir(), "wiabctl.yaml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(before)
	back, err := rollbackTo(file, version("a", 1, false), nil)
	if err != nil {
		t.Fatal(err)
	}
	write(before + "host: {upgrade: true}\n")
	if err := back.Write(); err != nil {
		t.Fatal(err)
	}
	config, err := Load(file)
	if err != nil || !config.Host.Upgrade || config.Artifact.Hash != strings.Repeat("a", 40) {
		t.Errorf("the file means %+v, %+v, %v", config.Host, config.Artifact, err)
	}
}
