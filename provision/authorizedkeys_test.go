package provision

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Public keys as the file has them.
const (
	testKey  = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJNwgkBYIzvK8d1y2xGVQGKjHOCxsxRJzHAiVTtFvgDl"
	otherKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJNwgkBYIzvK8d1y2xGVQGKjHOCxsxRJzHAiVTtFvgDm"
)

// An older line of ours lets wiabctl in, but with other options: it is to be replaced.
func TestAuthorizedKeysKnowAnOlderLine(t *testing.T) {
	keys := authorizedKeys{home: t.TempDir(), uid: os.Getuid(), gid: os.Getgid()}
	if err := keys.add([]byte(testKey + "\n")); err != nil {
		t.Fatal(err)
	}
	newer := []byte("restrict " + testKey + "\n")
	has, err := keys.has(newer)
	holds, errHolds := keys.holds(newer)
	if err != nil || errHolds != nil || has || !holds {
		t.Errorf("has = %v, %v, holds = %v, %v", has, err, holds, errHolds)
	}
}

func TestAuthorizedKeys(t *testing.T) {
	ours := []byte(`from="127.0.0.1,::1",restrict,pty ` + testKey + " wiabctl admin\n")
	const older = `from="127.0.0.1" ` + testKey + " wiabctl admin\n"
	tests := []struct{ name, before, with, without string }{
		{"no file yet", "", string(ours), ""},
		{"somebody's key is there", "ssh-rsa BBBB me\n", "ssh-rsa BBBB me\n" + string(ours), "ssh-rsa BBBB me\n"},
		{"its last line has no end", "ssh-rsa BBBB me", "ssh-rsa BBBB me\n" + string(ours), "ssh-rsa BBBB me\n"},
		{"ours is there already", string(ours), string(ours), ""},
		{"ours is there twice", string(ours) + string(ours), string(ours), ""},
		{"an older line of ours", "# mine\n" + older + "ssh-rsa BBBB me\n", "# mine\nssh-rsa BBBB me\n" + string(ours), "# mine\nssh-rsa BBBB me\n"},
		{"another key of the same kind", otherKey + " me\n", otherKey + " me\n" + string(ours), otherKey + " me\n"},
		{"ours inside a comment", "# " + testKey + "\n", "# " + testKey + "\n" + string(ours), "# " + testKey + "\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			keys := authorizedKeys{home: t.TempDir(), uid: os.Getuid(), gid: os.Getgid()}
			file := filepath.Join(keys.home, authorizedFile)
			if test.before != "" {
				if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(test.before), 0o644); err != nil {
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
				if err != nil && step.want != "" || string(content) != step.want {
					t.Errorf("the file is %q, %v; want %q", content, err, step.want)
				}
				mode := os.FileMode(0o600)
				if test.before != "" {
					mode = 0o644 // as it was
				}
				if info, err := os.Stat(file); err == nil && info.Mode().Perm() != mode {
					t.Errorf("mode %v, want %v", info.Mode(), mode)
				}
				has, err := keys.has(ours)
				holds, errHolds := keys.holds(ours)
				if err != nil || errHolds != nil || has != step.has || holds != step.has {
					t.Errorf("has = %v, %v, holds = %v, %v; want %v", has, err, holds, errHolds, step.has)
				}
			}
			if _, err := os.Stat(filepath.Dir(file)); (err == nil) != (test.without != "") {
				t.Errorf("a directory that lets nobody in must go, another stay: %v", err)
			}
		})
	}
}

// A run that was killed before the directory was the user's leaves none that sshd could not read.
func TestAuthorizedKeysAfterAKill(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to have files of two owners")
	}
	keys := authorizedKeys{home: t.TempDir(), uid: 12345, gid: 12345}
	if err := os.Mkdir(filepath.Join(keys.home, sshDir+".wiabctl"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := keys.add([]byte(testKey + "\n")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(keys.home)
	if err != nil || len(entries) != 1 {
		t.Fatalf("the home holds %v, %v", entries, err)
	}
	info, err := entries[0].Info()
	if err != nil || entries[0].Name() != sshDir || info.Sys().(*syscall.Stat_t).Uid != 12345 || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
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
	ours := []byte(testKey + "\n")
	if err := keys.add(ours); err != nil {
		t.Fatal(err)
	}
	if has, err := keys.has(ours); err != nil || !has {
		t.Fatalf("has = %v, %v", has, err)
	}
	if err := os.Chown(filepath.Join(keys.home, authorizedFile), 0, 0); err != nil {
		t.Fatal(err)
	}
	if has, err := keys.has(ours); err != nil || has {
		t.Errorf("has = %v, %v, though the file is root's: a kill between writing and chown must be noticed", has, err)
	}
}
