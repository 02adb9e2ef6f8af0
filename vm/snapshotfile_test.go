package vm

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A file that goes between two looks, as this link's target did, holds nothing.
func TestMemoryBytes(t *testing.T) {
	s := &Snapshots{Room: &Room{Images: t.TempDir()}}
	if err := os.MkdirAll(s.memoryDir("a"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.memoryDir("a"), "kubenode1.memory"), make([]byte, 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("gone", filepath.Join(s.memoryDir("a"), "kubenode2.memory")); err != nil {
		t.Fatal(err)
	}
	if sum, err := s.memoryBytes("a"); err != nil || sum != 1000 {
		t.Errorf("%d bytes, %v", sum, err)
	}
}

// Memory that cannot be deleted keeps the directory by which the snapshot is known.
func TestForgetKeepsWhatIsLeft(t *testing.T) {
	needRoot(t)
	s := &Snapshots{Room: &Room{Images: t.TempDir()}, Dir: t.TempDir()}
	if err := s.begin("a", true); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", s.memoryDir("a"), "tmpfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	left := s.forget("a")
	names, err := s.begun()
	if left == nil || err != nil || len(names) != 1 {
		t.Errorf("%v; the snapshots are %q, %v", left, names, err)
	}
	if err := unix.Unmount(s.memoryDir("a"), 0); err != nil {
		t.Fatal(err)
	}
	left = s.forget("a")
	if names, err = s.begun(); left != nil || err != nil || len(names) != 0 {
		t.Errorf("%v; the snapshots are %q, %v", left, names, err)
	}
}
