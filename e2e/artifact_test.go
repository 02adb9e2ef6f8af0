package e2e

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

const (
	helmScript = "bin/helm-operations.sh"
	wireServer = "charts/wire-server/Chart.yaml"
	packages   = "debs-jammy.tar"
)

// miniature are the files of the lab's artifact; a few bytes stand for what nobody looks
// into before the cluster's script.
func miniature(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{packages: string(tarred(t, members(filesBelow(t, "artifact/debs"))...))}
	for _, name := range []string{
		"binaries.tar", "containers-helm.tar", "containers-system.tar",
		"containers-adminhost/container-wire-server-deploy.tgz", "containers-adminhost/quay.io_wire_zauth_5.32.0.tar",
	} {
		files[name] = name
	}
	maps.Copy(files, filesBelow(t, "artifact/files"))
	return files
}

// filesBelow reads all files of a directory.
func filesBelow(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, path))
		files[path] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// members are the files as an archive has them, in order.
func members(files map[string]string) []member {
	var all []member
	for _, name := range slices.Sorted(maps.Keys(files)) {
		all = append(all, regular(name, files[name]))
	}
	return all
}

// ended is a package repository whose key expired yesterday.
func ended(t *testing.T) string {
	t.Helper()
	made := time.Now().Add(-48 * time.Hour)
	config := &packet.Config{Time: func() time.Time { return made }, KeyLifetimeSecs: 24 * 3600}
	key, err := openpgp.NewEntity("Somebody", "", "gpg@example.org", config)
	if err != nil {
		t.Fatal(err)
	}
	var public, release bytes.Buffer
	armoured, err := armor.Encode(&public, openpgp.PublicKeyType, nil)
	signed, wrong := clearsign.Encode(&release, key.PrivateKey, config)
	if err := errors.Join(err, wrong); err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(signed, "Suite: jammy\n")
	if err := errors.Join(err, key.Serialize(armoured), armoured.Close(), signed.Close()); err != nil {
		t.Fatal(err)
	}
	return string(tarred(t, regular("debs-jammy/public/dists/jammy/InRelease", release.String()), regular("debs-jammy/public/gpg", public.String())))
}

// TestContents gives wiabctl artifacts that would fail an installation after an hour: each
// is refused as soon as it is there, with all that is wrong.
func TestContents(t *testing.T) {
	empty(t)
	mustWiabctl(t, "up", "--only", "host")
	for name, test := range map[string]struct {
		spoil func(files map[string]string)
		exit  int
		says  string
	}{
		"members that are missing": {func(f map[string]string) { delete(f, packages); delete(f, "bin/offline-secrets.sh") }, 53, "lacks debs-jammy.tar, bin/offline-secrets.sh"},
		"a hard-coded domain": {func(f map[string]string) {
			f[helmScript] = strings.Replace(f[helmScript], "TARGET_SYSTEM=${TARGET_SYSTEM:-example.com}", `TARGET_SYSTEM="example.dev"`, 1)
		}, 74, "does not take TARGET_SYSTEM from its environment"},
		"old charts": {func(f map[string]string) { f[wireServer] = strings.Replace(f[wireServer], "5.32.0", "5.12.0", 1) }, 75, "wire-server 5.12.0"},
		"wire-ingress alone": {func(f map[string]string) {
			delete(f, "charts/nginx-ingress-services/Chart.yaml")
			f["charts/wire-ingress/Chart.yaml"] = "name: wire-ingress\nversion: 5.40.0\n"
		}, 75, "only wire-ingress 5.40.0"},
		"a key that has expired":      {func(f map[string]string) { f[packages] = ended(t) }, 76, "expired on " + time.Now().Add(-24*time.Hour).UTC().Format(time.DateOnly)},
		"packages that nobody signed": {func(f map[string]string) { f[packages] = string(tarred(t, regular("debs-jammy/public/gpg", ""))) }, 76, "debs-jammy/public/gpg"},
	} {
		t.Run(name, func(t *testing.T) {
			files := miniature(t)
			before := maps.Clone(files)
			test.spoil(files)
			if maps.Equal(before, files) {
				t.Fatal("nothing was spoiled")
			}
			refusedArchive(t, packed(t, members(files)...), test.exit, test.says)
		})
	}
	t.Run("nothing wrong", func(t *testing.T) {
		content := packed(t, members(miniature(t))...)
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content) })
		config, _ := assetsConfig(t, numbers.Add(1), server.url+"/a.tgz", "")
		mustWiabctl(t, "up", "--only", "assets", "--config", config)
	})
	mustWiabctl(t, "down", "--yes")
}

// TestImageSums brings the base image with its publisher's word for it, and without.
func TestImageSums(t *testing.T) {
	empty(t)
	key, err := openpgp.NewEntity("Publisher", "", "images@example.org", nil)
	if err != nil {
		t.Fatal(err)
	}
	var ring bytes.Buffer
	if err := key.Serialize(&ring); err != nil {
		t.Fatal(err)
	}
	const keyring = "/etc/wiabctl/images.gpg"
	writeHost(t, keyring, ring.String())
	t.Cleanup(func() { onHost(t, "rm "+keyring) })
	image := strings.Repeat("image", 1000)
	list := fmt.Sprintf("%x *disk.img\n", sha256.Sum256([]byte(image)))
	for name, test := range map[string]struct {
		list, signed string
		exit         int
		says         string
	}{
		"as listed and signed":    {list, list, 0, "2 changes"},
		"a list of another image": {strings.Repeat("0", 64) + " *disk.img\n", strings.Repeat("0", 64) + " *disk.img\n", 50, "artifact-digest"},
		"a list without it":       {strings.Repeat("0", 64) + " *other.img\n", strings.Repeat("0", 64) + " *other.img\n", 77, "does not list disk.img"},
		"a list that was changed": {list, list + list, 78, "image-signature"},
	} {
		t.Run(name, func(t *testing.T) {
			var signature bytes.Buffer
			if err := openpgp.DetachSign(&signature, key, strings.NewReader(test.signed), nil); err != nil {
				t.Fatal(err)
			}
			files := map[string]string{"/disk.img": image, "/SHA256SUMS": test.list, "/SHA256SUMS.gpg": signature.String(), "/a.tgz": string(packed(t, regular("x", "x")))}
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if _, ok := files[r.URL.Path]; !ok {
					http.NotFound(w, r)
				}
				_, _ = io.WriteString(w, files[r.URL.Path])
			})
			config, _ := assetsConfig(t, numbers.Add(1), server.url+"/a.tgz", "")
			text := readHost(t, config)
			from := strings.Index(text, "image: {")
			to := from + strings.Index(text[from:], "\n")
			writeHost(t, config, text[:from]+fmt.Sprintf("image: {url: %q, sums: %q, keyring: %s}", server.url+"/disk.img", server.url+"/SHA256SUMS", keyring)+text[to:])
			a := wiabctl(t, "assets", "pull", "--config", config)
			if a.code != test.exit || !strings.Contains(a.stdout+a.stderr, test.says) {
				t.Errorf("exit code %d; want %d and %q", a.code, test.exit, test.says)
			}
		})
	}
	mustWiabctl(t, "down", "--yes")
}
