package provision

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/renameio/v2"
)

func TestReplaceFile(t *testing.T) {
	dir := t.TempDir()
	file, link, pipe := filepath.Join(dir, "file"), filepath.Join(dir, "link"), filepath.Join(dir, "pipe")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, path string
		before     os.FileMode // of the file; 0: there is none
		with       renameio.Option
		mode       os.FileMode // empty: refused
	}{
		{"a new one", file, 0, renameio.WithStaticPermissions(0o600), 0o600},
		{"its own mode", file, 0o640, renameio.WithExistingPermissions(), 0o640},
		{"its owner's alone", file, 0o644, renameio.WithStaticPermissions(0o600), 0o600},
		{"through a link", link, 0o640, renameio.WithExistingPermissions(), 0o640},
		{"what is no file, such as /dev/null", pipe, 0, renameio.WithStaticPermissions(0o600), 0},
		{"a directory", dir, 0, renameio.WithStaticPermissions(0o600), 0},
		{"nowhere", filepath.Join(dir, "no", "file"), 0, renameio.WithStaticPermissions(0o600), 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			_ = os.Remove(file)
			owner := os.Geteuid()
			if test.before != 0 {
				if err := os.WriteFile(file, []byte("before"), test.before); err != nil {
					t.Fatal(err)
				}
				if owner == 0 {
					owner = 12345
					if err := os.Chown(file, owner, owner); err != nil {
						t.Fatal(err)
					}
				}
			}
			err := replaceFile(test.path, []byte("after"), test.with)
			if test.mode == 0 {
				if info, left := os.Lstat(pipe); err == nil || left != nil || info.Mode()&os.ModeNamedPipe == 0 {
					t.Errorf("got %v; the pipe is now %v, %v", err, info, left)
				}
				return
			}
			content, read := os.ReadFile(file)
			if err != nil || read != nil || string(content) != "after" {
				t.Fatalf("%v; it holds %q, %v", err, content, read)
			}
			info, err := os.Stat(file)
			if err != nil || info.Mode().Perm() != test.mode || int(info.Sys().(*syscall.Stat_t).Uid) != owner {
				t.Errorf("%v of %d, %v; want %v of %d", info.Mode(), info.Sys().(*syscall.Stat_t).Uid, err, test.mode, owner)
			}
			if at, err := os.Lstat(link); err != nil || at.Mode()&os.ModeSymlink == 0 {
				t.Errorf("the link is now %v, %v", at, err)
			}
		})
	}
}
