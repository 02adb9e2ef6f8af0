package assets

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// member makes a tar header; most tests care for a few fields only.
func member(kind byte, name string, change ...func(*tar.Header)) entry {
	h := tar.Header{Typeflag: kind, Name: name, Mode: 0o644}
	if kind == tar.TypeDir {
		h.Mode = 0o755
	}
	for _, c := range change {
		c(&h)
	}
	return entry{h, ""}
}

type entry struct {
	tar.Header
	content string
}

func text(name, content string) entry {
	e := member(tar.TypeReg, name)
	e.content, e.Size = content, int64(len(content))
	return e
}

func link(name, target string) entry {
	return member(tar.TypeSymlink, name, func(h *tar.Header) { h.Linkname = target })
}

func hard(name, target string) entry {
	return member(tar.TypeLink, name, func(h *tar.Header) { h.Linkname = target })
}

func mode(e entry, mode int64) entry {
	e.Mode = mode
	return e
}

// tgz writes an archive.
func tgz(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	for _, e := range entries {
		if err := w.WriteHeader(&e.Header); err != nil {
			t.Fatalf("%s: %v", e.Name, err)
		}
		if _, err := w.Write([]byte(e.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// small is an artifact with all members that are needed.
func small(t testing.TB, more ...entry) []byte {
	t.Helper()
	return tgz(t, append(smallEntries(), more...)...)
}

func smallEntries() []entry {
	entries := []entry{member(tar.TypeDir, "bin/"), member(tar.TypeDir, "charts/")}
	files := wholeArtifact()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		entries = append(entries, mode(text(name, files[name]), 0o777))
	}
	return entries
}

func sha(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func write(t testing.TB, path string, content []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
