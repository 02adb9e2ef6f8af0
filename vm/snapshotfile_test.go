package vm

import (
	"os"
	"path/filepath"
	"testing"
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
