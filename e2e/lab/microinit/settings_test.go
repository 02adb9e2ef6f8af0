package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const moreUser = goodUser + `timezone: Europe/Berlin
apt:
  primary: [{arches: [default], uri: "http://mirror.example.org/debian"}]
  http_proxy: http://proxy.example.org:3128
  conf: |
    Acquire::http::Proxy::assethost "DIRECT";
write_files:
  - {path: /etc/environment, content: "http_proxy=x\n", append: true}
`

func TestSettings(t *testing.T) {
	s, err := readSeed(seedFiles(moreUser, goodMeta, goodNetwork))
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	for path, text := range map[string]string{"/usr/share/zoneinfo/Europe/Berlin": "TZif", "/etc/environment": "PATH=/bin\n", "/etc/localtime": "old"} {
		if err := writeFile(filepath.Join(root, path), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.User.applySettings(root); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/etc/environment":                          "PATH=/bin\nhttp_proxy=x\n",
		"/etc/timezone":                             "Europe/Berlin\n",
		"/etc/apt/sources.list":                     "deb http://mirror.example.org/debian stable main\n",
		"/etc/apt/apt.conf.d/90cloud-init-aptproxy": "Acquire::http::Proxy \"http://proxy.example.org:3128\";\n",
		"/etc/apt/apt.conf.d/94cloud-init-config":   "Acquire::http::Proxy::assethost \"DIRECT\";\n",
	} {
		if got, err := os.ReadFile(filepath.Join(root, path)); err != nil || string(got) != want {
			t.Errorf("%s holds %q (%v), want %q", path, got, err, want)
		}
	}
	if link, err := os.Readlink(filepath.Join(root, "/etc/localtime")); err != nil || link != "/usr/share/zoneinfo/Europe/Berlin" {
		t.Errorf("/etc/localtime leads to %q (%v)", link, err)
	}
	if err := (UserData{Timezone: "Europe/Atlantis"}).applySettings(root); err == nil || !strings.Contains(err.Error(), "Europe/Atlantis") {
		t.Errorf("a zone that the system does not know: %v", err)
	}
}

func TestSettingsRefused(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"two mirrors", "primary: [", "primary: [{arches: [amd64], uri: a}, ", "apt.primary"},
		{"another architecture", "[default]", "[arm64]", "apt.primary"},
		{"a file that is replaced", "append: true", "append: false", "write_files"},
		{"a relative path", "path: /etc", "path: etc", "write_files"},
		{"an unknown key of a file", "append: true", "owner: root", "field owner not found"},
		{"an unknown key of apt", "http_proxy: http", "proxy: http", "field proxy not found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(moreUser, c.old, c.new, 1)
			if text == moreUser {
				t.Fatalf("there is no %q", c.old)
			}
			if _, err := readSeed(seedFiles(text, goodMeta, goodNetwork)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}
