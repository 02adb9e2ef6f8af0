package cluster

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// homely is a machine whose user's home is a temporary directory: it lets in whom the
// authorized_keys there name.
func homely(t *testing.T, lines ...string) (target Target, file string) {
	t.Helper()
	return homelyFor(t, nil, lines...)
}

// homelyFor is homely with a key that its sshd knows from elsewhere too.
func homelyFor(t *testing.T, friend ssh.Signer, lines ...string) (target Target, file string) {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	file = filepath.Join(home, ".ssh", "authorized_keys")
	if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return serveSSHTo(t, func(key ssh.PublicKey) bool {
		content, err := os.ReadFile(file)
		return err == nil && bytes.Contains(content, bytes.TrimSpace(ssh.MarshalAuthorizedKey(key))) ||
			friend != nil && bytes.Equal(key.Marshal(), friend.PublicKey().Marshal())
	}), file
}

func line(key ssh.Signer, comment string) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key.PublicKey()))) + " " + comment
}

// A key takes the place of another, from wherever an earlier run was killed, and what
// others wrote stays.
func TestRekey(t *testing.T) {
	const theirs = "# ops\nssh-rsa AAAAB3theirs ops"
	old, now := newKey(t), newKey(t)
	for _, c := range []struct {
		name   string
		before []string
	}{
		{"anew", []string{theirs, "from=\"::1\" " + line(old, "old")}},
		{"when both are let in", []string{theirs, line(old, "old"), line(now, "new"), ""}},
		{"when all is done", []string{theirs, line(now, "new"), ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			target, file := homely(t, c.before...)
			target.Key, target.OldKey = now, old
			if err := (Rekey{Target: target, Line: line(now, "new")}).Do(t.Context()); err != nil {
				t.Fatal(err)
			}
			content, err := os.ReadFile(file)
			if want := theirs + "\n" + line(now, "new") + "\n"; err != nil || string(content) != want {
				t.Errorf("authorized_keys are now\n%s(%v), want\n%s", content, err, want)
			}
			if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), "*")); len(left) != 1 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// A machine that knows the old key from elsewhere too has not been dealt with.
func TestRekeyIsProven(t *testing.T) {
	old, now := newKey(t), newKey(t)
	target, _ := homelyFor(t, old, line(old, "old"))
	target.Key, target.OldKey = now, old
	if err := (Rekey{Target: target, Line: line(now, "new")}).Do(t.Context()); err == nil || !strings.Contains(err.Error(), "still lets in the old key") {
		t.Errorf("got %v", err)
	}
}

// While keys are replaced, both open and both are believed; then the old one is neither.
func TestOldKeys(t *testing.T) {
	old, now := newKey(t), newKey(t)
	target, _ := homely(t, line(old, "old"))
	target.Key, target.OldKey = now, old
	client, err := target.Dial(t.Context())
	if err != nil {
		t.Fatalf("by the old key: %v", err)
	}
	client.Close()
	if err := target.Refuses(t.Context()); err == nil || !strings.Contains(err.Error(), "still lets in the old key "+ssh.FingerprintSHA256(old.PublicKey())) {
		t.Errorf("a machine that lets the old key in: %v", err)
	}
	target.HostKey, target.OldHostKey = newKey(t).PublicKey(), target.HostKey
	client, err = target.Dial(t.Context())
	if err != nil {
		t.Fatalf("with the old host key: %v", err)
	}
	client.Close()
	target.OldHostKey = newKey(t).PublicKey()
	if _, err := target.Dial(t.Context()); !errors.Is(err, HostKeyChanged.Failf("")) {
		t.Errorf("another host key than both: %v, want a Failure of kind %s", err, HostKeyChanged.ID)
	}
}

// Silence is no refusal.
func TestRefusedNeedsAnAnswer(t *testing.T) {
	target := serveSSH(t)
	target.Address = freeAddress(t)
	if err := target.refused(t.Context()); !errors.Is(err, Unreachable.Failf("")) {
		t.Errorf("nobody listens: %v, want a Failure of kind %s", err, Unreachable.ID)
	}
	target = serveSSH(t)
	target.Key = newKey(t)
	if err := target.refused(t.Context()); err != nil {
		t.Errorf("a key that is not known: %v", err)
	}
	target.HostKey = newKey(t).PublicKey()
	if err := target.refused(t.Context()); !errors.Is(err, HostKeyChanged.Failf("")) {
		t.Errorf("another machine refuses: %v, want a Failure of kind %s", err, HostKeyChanged.ID)
	}
}

// A machine whose sshd starts anew is waited for; one that shows another key is not.
func TestEnter(t *testing.T) {
	late := serveSSH(t)
	behind := late.Address
	late.Address = freeAddress(t)
	time.AfterFunc(500*time.Millisecond, func() { passOn(t, late.Address, behind) })
	client, err := late.enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	client.Close()

	other := serveSSH(t)
	other.HostKey = newKey(t).PublicKey()
	began := time.Now()
	if _, err := other.enter(t.Context()); !errors.Is(err, HostKeyChanged.Failf("")) || time.Since(began) > turning/2 {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
}

// passOn hands one connection on.
func passOn(t *testing.T, from, to string) {
	listener, err := net.Listen("tcp", from)
	if err != nil {
		t.Error(err)
		return
	}
	defer listener.Close()
	in, err := listener.Accept()
	if err != nil {
		t.Error(err)
		return
	}
	out, err := net.Dial("tcp", to)
	if err != nil {
		t.Error(err)
		return
	}
	go func() { _, _ = io.Copy(out, in); out.Close() }()
	go func() { _, _ = io.Copy(in, out); in.Close() }()
}
