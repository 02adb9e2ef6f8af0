package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// member is one of an archive's.
type member struct {
	tar.Header
	content string
}

func regular(name, content string) member {
	return member{tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(content))}, content}
}

func other(kind byte, name, target string) member {
	return member{tar.Header{Typeflag: kind, Name: name, Linkname: target, Mode: 0o755}, ""}
}

// tarred is a tar of the members.
func tarred(t *testing.T, members ...member) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, m := range members {
		if err := w.WriteHeader(&m.Header); err != nil {
			t.Fatalf("%s: %v", m.Name, err)
		}
		if _, err := io.WriteString(w, m.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// packed is a .tgz of the members.
func packed(t *testing.T, members ...member) []byte {
	t.Helper()
	return zipped(t, tarred(t, members...))
}

func zipped(t *testing.T, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestHostileArchive gives wiabctl archives that reach for what is not theirs: each is
// refused with its reason, and leaves nothing anywhere.
func TestHostileArchive(t *testing.T) {
	empty(t)
	mustWiabctl(t, "up", "--only", "host")
	onHost(t, "echo precious >/home/wire/precious")
	const outside = "find /home /etc /tmp /opt /usr/local /var/tmp -newer /home/wire/precious -type f -printf '%p\n' | grep -v -e '^/etc/wiabctl/' -e ^/var/tmp/cache- || true; cat /home/wire/precious"
	before := onHost(t, outside)
	for name, test := range map[string]struct {
		members []member
		exit    int
		says    string
	}{
		"an absolute path":                  {[]member{regular("/etc/evil", "x")}, 54, "absolute path"},
		"a path up":                         {[]member{regular("../precious", "x")}, 54, `".."`},
		"a path down and up":                {[]member{regular("bin/../../precious", "x")}, 54, `".."`},
		"a link to the host's files":        {[]member{other(tar.TypeSymlink, "bin", "/usr/bin")}, 54, "absolute path"},
		"a link out":                        {[]member{other(tar.TypeSymlink, "bin/out", "../../precious")}, 54, "outside"},
		"a file through a link":             {[]member{other(tar.TypeSymlink, "here", "."), regular("here/evil", "x")}, 54, "which is a link"},
		"a link through a link":             {[]member{other(tar.TypeSymlink, "a/b", "../c"), other(tar.TypeSymlink, "a/b/d", "../..")}, 54, "which is a link"},
		"a link in a directory's place":     {[]member{other(tar.TypeDir, "bin/", ""), other(tar.TypeSymlink, "bin", "values")}, 54, "directory"},
		"a hard link to the host's files":   {[]member{other(tar.TypeLink, "shadow", "/etc/shadow")}, 54, "absolute path"},
		"a hard link out":                   {[]member{other(tar.TypeLink, "precious", "../precious")}, 54, `".."`},
		"a device":                          {[]member{other(tar.TypeBlock, "sda", "")}, 54, "neither file, directory nor link"},
		"a pipe":                            {[]member{other(tar.TypeFifo, "bin/offline-env.sh", "")}, 54, "neither file, directory nor link"},
		"a file in the place of everything": {[]member{regular(".", "x")}, 54, "whole tree"},
		"a name with a line break":          {[]member{regular("a\nb", "x")}, 54, "line break"},
		"nothing of an artifact":            {[]member{regular("README", "x")}, 53, "lacks"},
	} {
		t.Run(name, func(t *testing.T) { refusedArchive(t, packed(t, test.members...), test.exit, test.says) })
	}
	t.Run("a file larger than the disk", func(t *testing.T) { refusedArchive(t, endless(t), 56, "more space than there is") })
	t.Run("cut short", func(t *testing.T) {
		whole := packed(t, regular("bin/helm-operations.sh", strings.Repeat(rand.Text(), 1000)))
		refusedArchive(t, whole[:len(whole)-20], 55, "not a whole .tgz")
	})
	t.Run("no archive", func(t *testing.T) { refusedArchive(t, []byte("<html>"), 55, "not a whole .tgz") })
	same(t, "something was written outside", before, onHost(t, outside))
	mustWiabctl(t, "down", "--yes")
}

// refusedArchive lets the stage assets unpack an archive.
func refusedArchive(t *testing.T, content []byte, exit int, says string) {
	t.Helper()
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content) })
	config, _ := assetsConfig(t, numbers.Add(1), server.url+"/a.tgz", "")
	a := wiabctl(t, "up", "--only", "assets", "--config", config)
	if a.code != exit || !strings.Contains(a.stderr, says) {
		t.Errorf("exit code %d; want %d and %q", a.code, exit, says)
	}
	if left := onHost(t, "ls -d /home/wire/wire-server-deploy* 2>/dev/null || true"); left != "" {
		t.Errorf("left behind: %s", left)
	}
}

// endless is the beginning of an archive with a file larger than any disk.
func endless(t *testing.T) []byte {
	t.Helper()
	var head bytes.Buffer
	if err := tar.NewWriter(&head).WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "big", Mode: 0o644, Size: 1 << 50}); err != nil {
		t.Fatal(err)
	}
	return zipped(t, append(head.Bytes(), make([]byte, 1<<20)...))
}

// TestDiskFull lets the disk be full, while downloading and while unpacking: nothing that is
// half there is taken for whole, the room is given back, and with more room it goes on.
func TestDiskFull(t *testing.T) {
	empty(t)
	mustWiabctl(t, "up", "--only", "host")
	content := packed(t, regular("big", string(noise(t, 24<<20))), regular("zeros", strings.Repeat("0", 48<<20)))
	var announces bool
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if announces {
			w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		}
		_, _ = w.Write(content)
	})
	config, cache := assetsConfig(t, numbers.Add(1), server.url+"/a.tgz", "")
	onHost(t, "mkdir -p "+cache+" && mount -t tmpfs -o size=8M full "+cache)
	defer onHost(t, "umount "+cache)
	full := func(what, dir string, command ...string) {
		t.Helper()
		a := wiabctl(t, append(command, "--config", config)...)
		if a.code != 56 || !strings.Contains(a.stderr, "no-space") || !strings.Contains(a.stderr, dir) {
			t.Errorf("%s: exit code %d; want 56 and %s", what, a.code, dir)
		}
		if used := strings.TrimSpace(onHost(t, "df --output=used -BK "+dir+" | tail -1")); len(used) > len("999K") {
			t.Errorf("%s: %s are still in use", what, used)
		}
	}
	full("downloading", cache, "assets", "pull")
	announces = true
	sent := server.sent.Load()
	full("downloading what is announced", cache, "assets", "pull")
	if more := server.sent.Load() - sent; more > 16<<20 {
		t.Errorf("%d bytes were sent although they could not fit", more)
	}
	if held := whole(t, cache); len(held) > 0 {
		t.Errorf("it is taken for whole: %v", held)
	}

	onHost(t, "mount -o remount,size=128M "+cache+" && mkdir -p /home/wire/room && cp -a /home/wire/. /var/tmp/wire-home && mount -t tmpfs -o size=32M,mode=750 full /home/wire && cp -a /var/tmp/wire-home/. /home/wire/ && chown wire:wire /home/wire")
	defer onHost(t, "umount /home/wire; rm -rf /var/tmp/wire-home /home/wire/room")
	full("unpacking", "/home/wire", "up", "--only", "assets")
	if left := onHost(t, "ls -d /home/wire/wire-server-deploy* 2>/dev/null || true"); left != "" {
		t.Errorf("left behind: %s", left)
	}
	onHost(t, "mount -o remount,size=128M /home/wire")
	sent = server.sent.Load()
	a := wiabctl(t, "up", "--only", "assets", "--config", config)
	if a.code != 53 { // it has room, and is no artifact
		t.Errorf("with room: exit code %d, want 53", a.code)
	}
	if more := server.sent.Load() - sent; more > 0 {
		t.Errorf("%d bytes came once more", more)
	}
}
