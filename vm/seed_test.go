package vm

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"gopkg.in/yaml.v3"
)

func seedOf(t *testing.T, name string) Seed {
	t.Helper()
	given, err := keys(name)
	if err != nil {
		t.Fatal(err)
	}
	seed, err := usual().Machines("wire", subnet)[1].Seed(given)
	if err != nil {
		t.Fatal(err)
	}
	return seed
}

func TestSeed(t *testing.T) {
	seed := seedOf(t, "kubenode1")
	golden(t, "user-data", seed.UserData)
	golden(t, "meta-data", seed.MetaData)
	golden(t, "network-config", seed.NetworkConfig)
}

func TestSeedKeepsTheKeysBytes(t *testing.T) {
	given, _ := keys("kubenode1")
	var read struct {
		Keys map[string]string `yaml:"ssh_keys"`
	}
	if err := yaml.Unmarshal(seedOf(t, "kubenode1").UserData, &read); err != nil {
		t.Fatal(err)
	}
	if got := read.Keys["ed25519_private"]; got != given.HostPrivate {
		t.Errorf("the private key reads as %q, want %q", got, given.HostPrivate)
	}
}

func TestInstanceFollowsTheSeed(t *testing.T) {
	one, same, other := seedOf(t, "a"), seedOf(t, "a"), seedOf(t, "b")
	if !bytes.Equal(one.Image(), same.Image()) {
		t.Error("equal keys give different images")
	}
	if bytes.Equal(one.MetaData, other.MetaData) {
		t.Errorf("different keys give the same instance:\n%s", one.MetaData)
	}
}

// Other programs' eyes: genisoimage's isoinfo and util-linux's blkid.
func TestImageAsOthersReadIt(t *testing.T) {
	seed := seedOf(t, "kubenode1")
	path := filepath.Join(t.TempDir(), "seed.iso")
	if err := os.WriteFile(path, seed.Image(), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := run(t, "blkid", "-p", "-o", "export", path); !strings.Contains(got, "LABEL=cidata\n") || !strings.Contains(got, "TYPE=iso9660\n") {
		t.Errorf("blkid sees\n%s", got)
	}
	want := map[string][]byte{"user-data": seed.UserData, "meta-data": seed.MetaData, "network-config": seed.NetworkConfig}
	if listed := strings.Fields(run(t, "isoinfo", "-J", "-f", "-i", path)); len(listed) != len(want) {
		t.Errorf("isoinfo lists %q", listed)
	}
	for name, content := range want {
		if got := run(t, "isoinfo", "-J", "-i", path, "-x", "/"+name); got != string(content) {
			t.Errorf("isoinfo reads %s (Joliet) as\n%q, want\n%q", name, got, content)
		}
		if got := run(t, "isoinfo", "-i", path, "-x", "/"+name+".;1"); got != string(content) {
			t.Errorf("isoinfo reads %s (plain) as\n%q, want\n%q", name, got, content)
		}
	}
}

// Whatever the files hold, the image gives it back, in both views.
func FuzzImage(f *testing.F) {
	f.Add([]byte("a"), []byte(""), []byte("c"))
	f.Add(bytes.Repeat([]byte("x"), sector), bytes.Repeat([]byte("y"), sector+1), []byte{0})
	f.Fuzz(func(t *testing.T, user, meta, network []byte) {
		image := Seed{UserData: user, MetaData: meta, NetworkConfig: network}.Image()
		if len(image)%sector != 0 {
			t.Errorf("the image has %d bytes, not whole sectors", len(image))
		}
		want := map[string][]byte{"user-data": user, "meta-data": meta, "network-config": network}
		for view, got := range map[string]map[string][]byte{
			"plain":  filesOf(image, primarySector, func(name []byte) string { return strings.TrimSuffix(string(name), ".;1") }),
			"joliet": filesOf(image, jolietSector, func(name []byte) string { return utf16Text(name) }),
		} {
			for name, content := range want {
				if !bytes.Equal(got[name], content) {
					t.Errorf("%s view: %s is %q, want %q", view, name, got[name], content)
				}
			}
		}
	})
}

// filesOf reads the root directory that the volume descriptor names.
func filesOf(image []byte, descriptor int, decode func([]byte) string) map[string][]byte {
	root := binary.LittleEndian.Uint32(image[descriptor*sector+156+2:])
	found := map[string][]byte{}
	for r := image[root*sector:]; r[0] != 0; r = r[r[0]:] {
		at, size := binary.LittleEndian.Uint32(r[2:]), binary.BigEndian.Uint32(r[14:])
		found[decode(r[33:33+r[32]])] = image[at*sector:][:size]
	}
	return found
}

func utf16Text(name []byte) string {
	var units []uint16
	for ; len(name) >= 2; name = name[2:] {
		units = append(units, binary.BigEndian.Uint16(name))
	}
	return string(utf16.Decode(units))
}
