package cluster

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// big is more than all pieces of a file that are on their way at a time.
func big() []byte {
	content := make([]byte, 5<<20+7)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(content)
	return content
}

func TestUpload(t *testing.T) {
	admin := testAdmin(t)
	content := big()
	// A reader that tells nothing of its size.
	if err := admin.Upload(t.Context(), "a/big", io.MultiReader(bytes.NewReader(content)), 0o640); err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile(filepath.Join(admin.Dir, "a/big"))
	if err != nil || !bytes.Equal(have, content) {
		t.Errorf("%d bytes arrived (%v), want %d", len(have), err, len(content))
	}
	only(t, admin, "big", 0o640)
}

// What fails on its way leaves the file that was there, and nothing else.
func TestUploadFails(t *testing.T) {
	broken := errors.New("the disk broke")
	for _, c := range []struct {
		name string
		at   func(cancel func()) error
		want error
	}{
		{"its content cannot be read", func(func()) error { return broken }, broken},
		{"it is cancelled", func(cancel func()) error { cancel(); return nil }, context.Canceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			admin := testAdmin(t)
			if err := admin.Write(t.Context(), "a/file", []byte("before"), 0o600); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			half := &halting{Reader: bytes.NewReader(big()), after: 2 << 20, halt: func() error { return c.at(cancel) }}
			if err := admin.Upload(ctx, "a/file", half, 0o600); !errors.Is(err, c.want) {
				t.Errorf("error = %v, want %v", err, c.want)
			}
			if have, err := admin.Read(t.Context(), "a/file"); err != nil || string(have) != "before" {
				t.Errorf("the file is now %.20q (%v)", have, err)
			}
			only(t, admin, "file", 0o600)
		})
	}
}

// What does not arrive as it was sent is not put in place.
func TestUploadIsCompared(t *testing.T) {
	admin := testAdmin(t)
	if err := admin.Write(t.Context(), "a/file", []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	writeProgram(t, filepath.Join(bin, "sha256sum"), "echo 0123 *file")
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	if err := admin.Write(t.Context(), "a/file", []byte("after"), 0o600); err == nil || !strings.Contains(err.Error(), "differs from what was sent") {
		t.Errorf("error = %v", err)
	}
	if have, err := admin.Read(t.Context(), "a/file"); err != nil || string(have) != "before" {
		t.Errorf("the file is now %q (%v)", have, err)
	}
	only(t, admin, "file", 0o600)
}

// Nobody else can read what is on its way.
func TestUploadIsClosedFromTheStart(t *testing.T) {
	admin := testAdmin(t)
	var seen fs.FileMode
	peek := &halting{Reader: bytes.NewReader(big()), after: 1 << 20, halt: func() error {
		info, err := os.Stat(filepath.Join(admin.Dir, "secret.wiabctl"))
		if err == nil {
			seen = info.Mode()
		}
		return err
	}}
	if err := admin.Upload(t.Context(), "secret", peek, 0o600); err != nil || seen != 0o600 {
		t.Errorf("its mode was %s on the way (%v)", seen, err)
	}
}

// Nor can who opened before what an interrupted upload left.
func TestUploadGoesIntoAFileOfItsOwn(t *testing.T) {
	admin := testAdmin(t)
	left := filepath.Join(admin.Dir, "secret.wiabctl")
	if err := os.WriteFile(left, []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	spy, err := os.Open(left)
	if err != nil {
		t.Fatal(err)
	}
	defer spy.Close()
	if err := admin.Write(t.Context(), "secret", []byte("confidential"), 0o600); err != nil {
		t.Fatal(err)
	}
	if seen, err := io.ReadAll(spy); err != nil || strings.Contains(string(seen), "confidential") {
		t.Errorf("who had the file open sees %q (%v)", seen, err)
	}
}

// halting is a reader to which something happens on the way.
type halting struct {
	io.Reader
	after int // bytes
	halt  func() error
}

func (h *halting) Read(p []byte) (int, error) {
	if h.after <= 0 && h.halt != nil {
		if err := h.halt(); err != nil {
			return 0, err
		}
		h.halt = nil
	}
	n, err := h.Reader.Read(p[:min(len(p), 32<<10)])
	h.after -= n
	return n, err
}

// only demands that the directory a holds this file alone, with its mode.
func only(t *testing.T, admin *Admin, name string, mode fs.FileMode) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(admin.Dir, "a"))
	if err != nil || len(entries) != 1 || entries[0].Name() != name {
		t.Fatalf("there are %v (%v)", entries, err)
	}
	if info, err := entries[0].Info(); err != nil || info.Mode() != mode {
		t.Errorf("its mode is %s (%v), want %s", info.Mode(), err, mode)
	}
}
