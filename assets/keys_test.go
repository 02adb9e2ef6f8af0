package assets

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
)

func TestKeys(t *testing.T) {
	k := Keys{Dir: filepath.Join(t.TempDir(), "keys")}
	names := []string{UserKey, AdminKey, HostKey("kubenode1")}
	plan, err := k.Plan(t.Context(), names...)
	if err != nil || len(plan) != 1 || exists(k.Dir) {
		t.Fatalf("got %v\n%s", err, subjects(plan))
	}
	if err := apply(t, plan); err != nil {
		t.Fatal(err)
	}
	if again, err := k.Plan(t.Context(), names...); err != nil || len(again) > 0 {
		t.Errorf("planned again: %v\n%s", err, subjects(again))
	}
	if info, err := os.Stat(k.Dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory: %v, %v", info.Mode(), err)
	}
	entries, err := os.ReadDir(k.Dir)
	if err != nil || len(entries) != len(names) {
		t.Errorf("files: %v, %v", entries, err)
	}
	for _, name := range names {
		info, err := os.Stat(k.Path(name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

func TestKeyIsWhole(t *testing.T) {
	k := Keys{Dir: t.TempDir()}
	if err := k.Ensure("user"); err != nil {
		t.Fatal(err)
	}
	key, err := k.Load("user")
	if err != nil {
		t.Fatal(err)
	}
	public, comment, _, _, err := ssh.ParseAuthorizedKey([]byte(key.Public))
	if err != nil || public.Type() != ssh.KeyAlgoED25519 || comment != "wiabctl-user" {
		t.Fatalf("got %v, %q, %v", public, comment, err)
	}
	signature, err := key.Signer.Sign(rand.Reader, []byte("text"))
	if err != nil || public.Verify([]byte("text"), signature) != nil {
		t.Errorf("the two halves don't match: %v", err)
	}
	if !bytes.HasPrefix(key.Private, []byte("-----BEGIN OPENSSH PRIVATE KEY-----\n")) {
		t.Error("it is not in OpenSSH's form")
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if strings.Contains(fmt.Sprintf(verb, key), "PRIVATE") || !strings.Contains(fmt.Sprintf(verb, key), "ssh-ed25519") {
			t.Errorf("%s shows the private half", verb)
		}
	}
}

func TestKeysAreNeverOverwritten(t *testing.T) {
	k := Keys{Dir: t.TempDir()}
	var together sync.WaitGroup
	for range 8 {
		together.Go(func() {
			if err := k.Ensure("user"); err != nil {
				t.Error(err)
			}
		})
	}
	together.Wait()
	first, err := k.Load("user")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(k.generate("user"), k.Ensure("user", "admin")); err != nil {
		t.Fatal(err)
	}
	if now, err := k.Load("user"); err != nil || !bytes.Equal(now.Private, first.Private) {
		t.Errorf("it was overwritten: %v", err)
	}
	if entries, err := os.ReadDir(k.Dir); err != nil || len(entries) != 2 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

func TestKeysUnusable(t *testing.T) {
	k := Keys{Dir: t.TempDir()}
	if err := k.Ensure("open", "broken"); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(k.Path("open"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(k.Path("broken"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(k.Path("directory"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{
		"open": KeyUnusable.Failf(""), "broken": KeyUnusable.Failf(""), "directory": KeyUnusable.Failf(""), "none": fs.ErrNotExist,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := k.Load(name); !errors.Is(err, want) {
				t.Errorf("got %v", err)
			}
			if _, err := k.Plan(t.Context(), name); name != "none" && !errors.Is(err, want) {
				t.Errorf("plan: got %v", err)
			}
		})
	}
	for _, name := range []string{"", "..", "../user", "a/b", ".new-1", "A"} {
		if err := k.Ensure(name); err == nil {
			t.Errorf("%q was taken for a name", name)
		}
	}
}
