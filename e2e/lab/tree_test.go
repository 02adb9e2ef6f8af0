package lab

import (
	"crypto/x509"
	"encoding/pem"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestConfiguration(t *testing.T) {
	got, err := configuration{
		Artifact:  Published{Hash: "0123456789abcdef0123456789abcdef01234567", URL: "http://artifacts.example.net/a.tgz", SHA256: "aa"},
		Image:     Published{URL: "http://artifacts.example.net/micro.qcow2", SHA256: "bb"},
		ImageKind: ImageMicro,
		Memory:    "384MiB",
	}.render()
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "wiabctl.yaml")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("wiabctl.yaml (-want +got):\n%s", diff)
	}
}

func TestAuthority(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ca")
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if err := makeAuthority(dir, now); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if !cert.IsCA || cert.NotBefore.After(now.Add(-time.Hour)) || cert.NotAfter.Before(now.AddDate(0, 11, 0)) {
		t.Errorf("authority %v, valid from %s to %s", cert.IsCA, cert.NotBefore, cert.NotAfter)
	}
	if err := cert.CheckSignatureFrom(cert); err != nil {
		t.Error(err)
	}
	info, err := os.Stat(filepath.Join(dir, "ca.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v, %v; want mode 0600", info, err)
	}
	if err := makeAuthority(dir, now); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(filepath.Join(dir, "ca.crt")); err != nil || string(again) != string(text) {
		t.Errorf("a second call makes another authority (%v)", err)
	}
}

func TestInstallFile(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "below", "to")
	install := func(text string) os.FileInfo {
		t.Helper()
		if err := os.WriteFile(from, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := installFile(from, to, 0o755); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(to)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(to); err != nil || string(got) != text {
			t.Errorf("holds %q (%v), want %q", got, err, text)
		}
		return info
	}
	first := install("one")
	if first.Mode().Perm() != 0o755 {
		t.Errorf("mode %v", first.Mode())
	}
	if !os.SameFile(first, install("one")) {
		t.Error("an equal file was replaced")
	}
	if os.SameFile(first, install("two")) {
		t.Error("a program that runs would be written into")
	}
}

func TestHostTree(t *testing.T) {
	dir := t.TempDir()
	if err := copyTree(hostFiles, "hostfiles", dir); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a second time finds its links
		if err := makeLinks(dir, hostLinks()); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"etc/resolv.conf", "etc/systemd/network/10-host0.network", "etc/libvirt/qemu.conf"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	// Each unit of ours that is enabled exists.
	for name, target := range hostLinks() {
		if filepath.IsAbs(target) {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Errorf("%s leads nowhere: %v", name, err)
		}
	}
}

func TestTreeOf(t *testing.T) {
	key := func(files fstest.MapFS) string {
		t.Helper()
		k, err := treeOf(files)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	base := key(fstest.MapFS{"a": {Data: []byte("1")}, "b": {Data: []byte("2")}})
	for name, other := range map[string]fstest.MapFS{
		"other text": {"a": {Data: []byte("1")}, "b": {Data: []byte("3")}},
		"other name": {"a": {Data: []byte("1")}, "c": {Data: []byte("2")}},
		"one less":   {"a": {Data: []byte("1")}},
	} {
		t.Run(name, func(t *testing.T) {
			if key(other) == base {
				t.Error("the same key for another tree")
			}
		})
	}
}

func TestRemoveGroup(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "systemd", "wl-1", "payload", "unit"), 0o755); err != nil {
		t.Fatal(err)
	}
	found := findGroups(root, "wl-1")
	if len(found) != 1 {
		t.Fatalf("found %v, want one", found)
	}
	if err := removeGroup(found[0]); err != nil {
		t.Fatal(err)
	}
	if found := findGroups(root, "wl-1"); len(found) != 0 {
		t.Errorf("%v is left", found)
	}
}

func TestOptions(t *testing.T) {
	t.Setenv(ImageVariable, "")
	for _, c := range []struct {
		name, env string
		o         Options
		image     string
	}{
		{"default", "", Options{}, ImageMicro},
		{"from the environment", ImageCloud, Options{}, ImageCloud},
		{"given", ImageCloud, Options{Image: ImageMicro}, ImageMicro},
		{"unknown", "", Options{Image: "floppy"}, ""},
		{"unknown in the environment", "floppy", Options{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv(ImageVariable, c.env)
			o, err := c.o.complete("/repository")
			if (err != nil) != (c.image == "") {
				t.Fatalf("error %v", err)
			}
			if err == nil && (o.Image != c.image || o.Dir != "/repository/.lab" || o.Log == nil) {
				t.Errorf("options %+v", o)
			}
		})
	}
}
