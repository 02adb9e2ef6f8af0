package cluster

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"wiabctl/provision/change"
)

func TestRun(t *testing.T) {
	client, err := serveSSH(t).Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	tests := []struct {
		name string
		argv []string
		out  string
		fail string // part of the error
		exit int
	}{
		{name: "output", argv: []string{"echo", "hello"}, out: "hello\n"},
		{name: "arguments reach the program as they are", argv: []string{"printf", "%s|", "a b", "$HOME", "`id`", "'", "x;y"}, out: "a b|$HOME|`id`|'|x;y|"},
		{name: "exit status and stderr", argv: []string{"sh", "-c", "echo it broke >&2; exit 7"}, fail: "it broke", exit: 7},
		{name: "no such program", argv: []string{"no-such-program-here"}, fail: "not found", exit: 127},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out, err := client.Run(t.Context(), test.argv...)
			if test.fail == "" && err != nil || test.fail != "" && (err == nil || !strings.Contains(err.Error(), test.fail)) {
				t.Fatalf("error = %v, want one with %q", err, test.fail)
			}
			if string(out) != test.out {
				t.Errorf("output = %q, want %q", out, test.out)
			}
			if err != nil && ExitStatus(err) != test.exit {
				t.Errorf("exit status = %d, want %d", ExitStatus(err), test.exit)
			}
		})
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	client, err := serveSSH(t).Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := client.Run(ctx, "sleep", "5"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error = %v, want the context's", err)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("took %s after its context had ended", took)
	}
}

func TestDialRefusesAnotherHostKey(t *testing.T) {
	target := serveSSH(t)
	real := ssh.FingerprintSHA256(target.HostKey)
	target.HostKey = newKey(t).PublicKey()
	_, err := target.Dial(t.Context())
	if !errors.Is(err, HostKeyChanged.Failf("")) {
		t.Fatalf("error = %v, want host-key-changed", err)
	}
	for _, fingerprint := range []string{real, ssh.FingerprintSHA256(target.HostKey)} {
		if !strings.Contains(err.Error(), fingerprint) {
			t.Errorf("error %q does not name %s", err, fingerprint)
		}
	}
}

func TestDialRefusedKey(t *testing.T) {
	target := serveSSH(t)
	target.Key = newKey(t)
	if _, err := target.Dial(t.Context()); !errors.Is(err, Unreachable.Failf("")) {
		t.Errorf("error = %v, want ssh-unreachable", err)
	}
}

func TestDialSilentServer(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	target := serveSSH(t)
	target.Address = silent.Addr().String()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := target.Dial(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error = %v, want the deadline", err)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("took %s, a server that accepts and never answers must not hang it", took)
	}
}

func TestAdminWriteAndRead(t *testing.T) {
	admin := testAdmin(t)
	ctx := t.Context()
	if _, err := admin.Read(ctx, "a/b/secret"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reading a missing file: %v, want fs.ErrNotExist", err)
	}
	for _, content := range []string{"first", "second, longer", ""} {
		if err := admin.Write(ctx, "a/b/secret", []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if have, err := admin.Read(ctx, "a/b/secret"); err != nil || string(have) != content {
			t.Errorf("read %q, %v; want %q", have, err, content)
		}
	}
	info, err := os.Stat(filepath.Join(admin.Dir, "a/b/secret"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, want 0600", info.Mode())
	}
	if left, _ := filepath.Glob(filepath.Join(admin.Dir, "a/b/*")); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	if err := errors.Join(admin.remove(ctx, "a/b/secret"), admin.remove(ctx, "a/b/secret")); err != nil {
		t.Errorf("removing twice: %v", err)
	}
}

func TestAdminReconnects(t *testing.T) {
	admin := testAdmin(t)
	if _, err := admin.Run(t.Context(), "true"); err != nil {
		t.Fatal(err)
	}
	admin.client.Close()
	<-admin.client.gone
	if _, err := admin.Run(t.Context(), "true"); err != nil {
		t.Errorf("after the connection broke: %v", err)
	}
}

func TestAdminOnABareHost(t *testing.T) {
	admin := &Admin{Target: func() (Target, error) { return Target{}, change.ErrNotInstalled }}
	if _, err := admin.Read(t.Context(), "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reading where nobody can log in: %v, want fs.ErrNotExist", err)
	}
}
