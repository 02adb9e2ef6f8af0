package provision

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"wiabctl/provision/redact"
)

// members are the files of an archive.
func members(t *testing.T, archive []byte) map[string]string {
	t.Helper()
	compressed, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for files := tar.NewReader(compressed); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(files)
		if err != nil || header.Mode != 0o600 {
			t.Errorf("%s has mode %o, %v", header.Name, header.Mode, err)
		}
		all[strings.TrimPrefix(header.Name, "wiabctl-support/")] = string(content)
	}
}

func TestArchive(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	defer close(over)
	hang := func(context.Context) ([]byte, error) { <-over; return nil, nil } // whatever becomes of its context
	big := bytes.Repeat([]byte("0123456789abcde\n"), keptEvidence/8)
	var out bytes.Buffer
	came, err := newArchive(&out, redact.New([]string{"planted-secret"})).fill(t.Context(), []evidence{
		commandEvidence("said", "sh", "-c", "echo well planted-secret; echo why planted-secret >&2; exit 3"),
		commandEvidence("not there", "wiabctl-has-no-such-program"),
		fileEvidence("pipe", pipe), fileEvidence("nowhere", "/nowhere/planted-secret"),
		{Name: "hangs", Within: 50 * time.Millisecond, Collect: hang},
		{Name: "big", Collect: func(context.Context) ([]byte, error) { return append(big, "the end"...), nil }},
		{Name: "empty", Collect: func(context.Context) ([]byte, error) { return nil, nil }},
		listing("listing", filepath.Dir(pipe)),
	})
	if err != nil {
		t.Fatal(err)
	}
	have := members(t, out.Bytes())
	if strings.Contains(fmt.Sprint(have, came), "planted") {
		t.Errorf("a secret is in the archive: %v", have)
	}
	if have["said"] != "well (secret)\n" || !strings.HasSuffix(have["big"], "the end") || len(have["big"]) != keptEvidence || !strings.Contains(have["listing"], pipe) {
		t.Errorf("not what was collected: said %q, %d bytes of the big one, %q", have["said"], len(have["big"]), have["listing"])
	}
	if _, there := have["empty"]; there || came.Files != len(have) {
		t.Errorf("%d files are told, %d are there", came.Files, len(have))
	}
	missing := map[string]string{"hangs": "nothing came within 50ms", "not there": "executable file not found", "nowhere": "no such file", "pipe": "no regular file", "said": "exit status 3: why (secret)"}
	for _, m := range came.Missing {
		if !strings.Contains(m.Reason, missing[m.Name]) || missing[m.Name] == "" || !strings.Contains(have["missing"], m.Name+": "+m.Reason) {
			t.Errorf("%s is missing: %s", m.Name, m.Reason)
		}
		delete(missing, m.Name)
	}
	if len(missing) > 0 {
		t.Errorf("not told to be missing: %v", missing)
	}
}

// An archive that cannot be written is an error, and so is one that was interrupted.
func TestArchiveFails(t *testing.T) {
	little := []evidence{{Name: "x", Collect: func(context.Context) ([]byte, error) { return []byte("x"), nil }}}
	if _, err := newArchive(fullDisk{}, redact.New(nil)).fill(t.Context(), little); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("on a full disk: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newArchive(io.Discard, redact.New(nil)).fill(ctx, little); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// Every place where secrets are kept is known.
func TestSecretPlaces(t *testing.T) {
	root := filepath.Join(t.TempDir(), "[odd] *") // which no pattern may be made of
	deploy := filepath.Join(root, "wire-server-deploy")
	planted := 0
	plant := func(path, format string) {
		planted++
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, fmt.Appendf(nil, format, fmt.Sprintf("planted-secret-%d", planted)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	plant("etc/wiabctl.yaml", "calling: {token: %s}")
	plant("etc/overlays/brig.yaml", "brig: {secrets: {smtpPassword: %s}}")
	plant("wire-server-deploy/values/wire-server/prod-secrets.example.yaml", "brig: {anything: %s}")
	plant("wire-server-deploy/values/coturn/secrets.yaml.bak.20260101", "list: [%s]")
	plant("wire-server-deploy/values/webapp/values.yaml", "env: {API_TOKEN: %s, innocent: innocent-value}")
	plant("wire-server-deploy-0123/ansible/inventory/offline/group_vars/all/secrets.yaml", "minio: %s")
	plant("wire-server-deploy/ansible/inventory/offline/artifacts/admin.conf", "users: [{user: {token: %s}}]")
	plant("wire-server-deploy/wiab/overlays/wire-server/10.yaml", "secret: %s")
	found, err := secretPlaces(filepath.Join(root, "etc"), deploy).secrets()
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(found, " ") + " "
	for n := range planted {
		if secret := fmt.Sprintf("planted-secret-%d ", n+1); !strings.Contains(all, secret) {
			t.Errorf("%s is not found", secret)
		}
	}
	if strings.Contains(all, "innocent") {
		t.Error("what is no secret is taken for one")
	}
	key := filepath.Join(root, "key")
	if err := os.Mkdir(key, 0o700); err != nil {
		t.Fatal(err)
	}
	plant("key/user", "-----BEGIN X-----\n%s\n")
	plant("key/user.pub", "ssh-ed25519 %s")
	lines, err := secretFiles{whole: []string{filepath.Join(literally(key), "*"), literally(key)}}.secrets()
	if err != nil || len(lines) != 1 || !strings.Contains(lines[0], "planted") {
		t.Errorf("of a key and its public half: %q, %v", lines, err)
	}
	if _, err := (secretFiles{whole: []string{"/proc/self/mem"}}).secrets(); err == nil {
		t.Error("a file that cannot be read may hold secrets that are not recognised")
	}
}
