package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestIsoLabel(t *testing.T) {
	disk := filepath.Join(t.TempDir(), "disk")
	image := make([]byte, 20*2048)
	copy(image[volumeID:], "cidata                          ")
	if err := os.WriteFile(disk, image, 0o600); err != nil {
		t.Fatal(err)
	}
	if label, err := isoLabel(disk); err != nil || label != seedLabel {
		t.Errorf("label %q (%v), want %q", label, err, seedLabel)
	}
	if err := os.Truncate(disk, 2048); err != nil {
		t.Fatal(err)
	}
	if label, err := isoLabel(disk); err == nil {
		t.Errorf("a disk of one sector has the label %q", label)
	}
}

func TestFinished(t *testing.T) {
	at := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	got := finished(at, "/dev/vdb", 7250*time.Millisecond)
	want := "Cloud-init v. 22.4.2-micro finished at Mon, 04 May 2026 03:02:01 +0000." +
		" Datasource DataSourceNoCloud [seed=/dev/vdb][dsmode=net].  Up 7.25 seconds"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAnswer(t *testing.T) {
	for _, c := range []struct {
		name, result string
		long         bool
		want         string
		code         int
	}{
		{"done", "status: done\n", false, "status: done\n", 0},
		{"error, short", "status: error\ndetail:\nno seed\n", false, "status: error\n", 1},
		{"error, long", "status: error\ndetail:\nno seed\n", true, "status: error\ndetail:\nno seed\n", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			if code := answer(c.result, c.long, &out); code != c.code || out.String() != c.want {
				t.Errorf("%d %q, want %d %q", code, out.String(), c.code, c.want)
			}
		})
	}
}

func TestCloudInitUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"clean"}} {
		var out, errs bytes.Buffer
		if code := cloudInit(args, &out, &errs); code != 2 || errs.Len() == 0 {
			t.Errorf("cloud-init %v: exit %d, says %q; want 2 and the usage", args, code, errs.String())
		}
	}
}

func TestHostKeysReplaceOthers(t *testing.T) {
	dir := t.TempDir()
	stale := filepath.Join(dir, "ssh_host_rsa_key")
	if err := os.WriteFile(stale, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := UserData{DeleteHostKeys: true, HostKeys: HostKeys{Private: "private", Public: "public"}}
	if err := d.applyHostKeys(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the old key is still there: %v", err)
	}
	key := filepath.Join(dir, "ssh_host_ed25519_key")
	info, err := os.Stat(key)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%s: %v, %v; want mode 0600", key, info, err)
	}
	if text, err := os.ReadFile(key); err != nil || string(text) != "private\n" {
		t.Errorf("%s holds %q (%v)", key, text, err)
	}
}

func TestHosts(t *testing.T) {
	for _, c := range []struct {
		name string
		data UserData
		want string
	}{
		{"with a domain", UserData{Hostname: "a", FQDN: "a.local"}, "127.0.0.1 localhost\n127.0.1.1 a.local a\n"},
		{"without", UserData{Hostname: "a"}, "127.0.0.1 localhost\n127.0.1.1 a\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.data.hosts(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestPoolRequest(t *testing.T) {
	request := poolRequest([64]byte{0: 7, 63: 9})
	if len(request) != 4+4+64 || request[8] != 7 || request[71] != 9 {
		t.Errorf("request % x", request)
	}
	if bits, size := binary.NativeEndian.Uint32(request), binary.NativeEndian.Uint32(request[4:]); bits != 512 || size != 64 {
		t.Errorf("%d bits in %d bytes, want 512 in 64", bits, size)
	}
}
