package cluster

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sync/errgroup"

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

// All who want the admin host at a time wait for one attempt, not for each other's.
func TestAdminSilentServer(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	var attempts atomic.Int32
	go func() {
		for {
			conn, err := silent.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			attempts.Add(1)
		}
	}()
	target := serveSSH(t)
	target.Address = silent.Addr().String()
	admin := &Admin{Target: func() (Target, error) { return target, nil }}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	began := time.Now()
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			if _, err := admin.Run(ctx, "true"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error = %v, want the deadline", err)
			}
		})
	}
	all.Wait()
	if took := time.Since(began); took > 3*time.Second || attempts.Load() != 1 {
		t.Errorf("six who asked at a time made %d attempts and took %s", attempts.Load(), took)
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
	if err := os.Chtimes(filepath.Join(admin.Dir, "a/b/secret"), time.Time{}, time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if err := admin.Write(ctx, "a/b/secret", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(admin.Dir, "a/b/secret")); err != nil || info.ModTime().Unix() != 1 {
		t.Errorf("what was equal was written again (%v)", err)
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

func TestRunSaysTooMuch(t *testing.T) {
	client, err := serveSSH(t).Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if out, err := client.Run(t.Context(), "sh", "-c", "yes | head -c 20000000"); err == nil || len(out) != 0 || !strings.Contains(err.Error(), "more than 16 MiB") {
		t.Errorf("%d bytes, %v", len(out), err)
	}
	if _, err := client.Run(t.Context(), "sh", "-c", "yes | head -c 20000000 >&2; echo the end >&2; exit 1"); ExitStatus(err) != 1 || !strings.HasSuffix(err.Error(), "the end") || len(err.Error()) > 2*lastSaid {
		t.Errorf("20 MB of errors: %v", err)
	}
}

// No argument is in what a user or a log gets to see.
func TestErrorsHideArguments(t *testing.T) {
	client, err := serveSSH(t).Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Run(t.Context(), "sh", "-c", "exit 1", "s3cret"); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("error: %v", err)
	}
}

// More commands than the server takes sessions wait for each other.
func TestRunManyAtATime(t *testing.T) {
	client, err := serveSSH(t).Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	dir := t.TempDir()
	var all errgroup.Group
	for range 3 * atATime {
		all.Go(func() error {
			_, err := client.Run(t.Context(), "sh", "-c", `f=$(mktemp "$1/XXXXXX"); ls "$1" | wc -l >>"$2"; sleep 0.05; rm "$f"`, "sh", dir, dir+".counts")
			return err
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	counts, err := os.ReadFile(dir + ".counts")
	if err != nil {
		t.Fatal(err)
	}
	for count := range strings.FieldsSeq(string(counts)) {
		if n, err := strconv.Atoi(count); err != nil || n > atATime {
			t.Errorf("%s ran at a time (%v)", count, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	for range atATime {
		client.slots <- struct{}{}
	}
	if _, err := client.Run(ctx, "true"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for a session ended with %v", err)
	}
}

// A link that swallows everything keeps nobody for longer than the context allows.
func TestFilesEndWithTheirContext(t *testing.T) {
	target := serveSSH(t)
	hole := swallow(t, target.Address)
	target.Address = hole.address
	admin := &Admin{Target: func() (Target, error) { return target, nil }, Dir: t.TempDir()}
	defer admin.Close()
	if err := admin.Write(t.Context(), "file", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	hole.open.Store(true)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := admin.Read(ctx, "file"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error = %v, want the deadline", err)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it took %s", took)
	}
	hole.open.Store(false)
	if content, err := admin.Read(t.Context(), "file"); err != nil || string(content) != "x" {
		t.Errorf("after the link came back: %q, %v", content, err)
	}
}

// hole is a relay that swallows what comes while it is open.
type hole struct {
	address string
	open    atomic.Bool
}

func swallow(t *testing.T, address string) *hole {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	h := &hole{address: listener.Addr().String()}
	relay := func(to, from net.Conn) {
		defer to.Close()
		buffer := make([]byte, 32<<10)
		for {
			n, err := from.Read(buffer)
			if err != nil {
				return
			}
			if !h.open.Load() {
				_, _ = to.Write(buffer[:n])
			}
		}
	}
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", address)
			if err != nil {
				near.Close()
				return
			}
			go relay(near, far)
			go relay(far, near)
		}
	}()
	return h
}
