package provision

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAuthorizedKeys(t *testing.T) {
	ours := []byte("ssh-ed25519 AAAA wiabctl-admin\n")
	tests := []struct{ name, before, with, without string }{
		{"no file yet", "", string(ours), ""},
		{"somebody's key is there", "ssh-rsa BBBB me\n", "ssh-rsa BBBB me\n" + string(ours), "ssh-rsa BBBB me\n"},
		{"its last line has no end", "ssh-rsa BBBB me", "ssh-rsa BBBB me\n" + string(ours), "ssh-rsa BBBB me\n"},
		{"ours is there already", string(ours), string(ours), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			keys := authorizedKeys{home: t.TempDir(), uid: os.Getuid(), gid: os.Getgid()}
			file := filepath.Join(keys.home, authorizedFile)
			if test.before != "" {
				if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(test.before), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for _, step := range []struct {
				act  func([]byte) error
				want string
				has  bool
			}{{keys.add, test.with, true}, {keys.drop, test.without, false}} {
				if err := step.act(ours); err != nil {
					t.Fatal(err)
				}
				content, err := os.ReadFile(file)
				if err != nil || string(content) != step.want {
					t.Errorf("the file is %q, %v; want %q", content, err, step.want)
				}
				if has, err := keys.has(ours); err != nil || has != step.has {
					t.Errorf("has = %v, %v; want %v", has, err, step.has)
				}
			}
			info, err := os.Stat(file)
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
		})
	}
}

// A link in the user's home must not lead root's hand elsewhere.
func TestAuthorizedKeysStayInTheHome(t *testing.T) {
	outside := t.TempDir()
	theirs := filepath.Join(outside, "authorized_keys")
	if err := os.WriteFile(theirs, []byte("root's own\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	keys := authorizedKeys{home: t.TempDir(), uid: os.Getuid(), gid: os.Getgid()}
	if err := os.Symlink(outside, filepath.Join(keys.home, sshDir)); err != nil {
		t.Fatal(err)
	}
	if err := keys.add([]byte("ours\n")); err == nil {
		t.Error("it wrote through the link")
	}
	if content, err := os.ReadFile(theirs); err != nil || strings.Contains(string(content), "ours") {
		t.Errorf("the file outside is now %q, %v", content, err)
	}
}

// A file that is not the user's own is refused by sshd, so it does not count.
func TestAuthorizedKeysOfAnotherOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to have files of two owners")
	}
	keys := authorizedKeys{home: t.TempDir(), uid: 12345, gid: 12345}
	if err := keys.add([]byte("ours\n")); err != nil {
		t.Fatal(err)
	}
	if has, err := keys.has([]byte("ours\n")); err != nil || !has {
		t.Fatalf("has = %v, %v", has, err)
	}
	if err := os.Chown(filepath.Join(keys.home, authorizedFile), 0, 0); err != nil {
		t.Fatal(err)
	}
	if has, err := keys.has([]byte("ours\n")); err != nil || has {
		t.Errorf("has = %v, %v, though the file is root's: a kill between writing and chown must be noticed", has, err)
	}
}
