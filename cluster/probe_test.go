package cluster

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"wiabctl/provision/change"
)

// relay stands before an SSH server: it counts connections and can break them.
type relay struct {
	listener net.Listener
	to       string

	mu    sync.Mutex
	conns []net.Conn
}

// stand begins to accept connections at the address.
func (r *relay) stand(t *testing.T, address string) {
	t.Helper()
	var err error
	if r.listener, err = net.Listen("tcp", address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.listener.Close(); r.cut() })
	go func() {
		for {
			client, err := r.listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", r.to)
			if err != nil {
				return
			}
			r.mu.Lock()
			r.conns = append(r.conns, client)
			r.mu.Unlock()
			go func() { _, _ = io.Copy(server, client); server.Close() }()
			go func() { _, _ = io.Copy(client, server); client.Close() }()
		}
	}()
}

func (r *relay) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.conns)
}

func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, conn := range r.conns {
		conn.Close()
	}
}

// freeAddress is one on which nobody listens. It is no address that others on this machine use, so its port stays free.
func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.7.7.7:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// fakeCloudInit puts a program of that name on PATH that notes each call, and goes on
// until the file "done" exists, whose content is its exit status, or the test ends.
func fakeCloudInit(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	script := "#!/bin/sh\necho \"$@\" >>" + dir + "/calls\nuntil [ -s " + dir + "/done ]; do [ -d " + dir + " ] || exit; sleep 0.01; done\necho status: whatever\nexit $(cat " + dir + "/done)\n"
	if err := os.WriteFile(filepath.Join(dir, "cloud-init"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return dir
}

// calls waits until cloud-init was called n times.
func calls(t *testing.T, dir string, n int) {
	t.Helper()
	err := change.Condition{Description: "cloud-init to be asked", Deadline: 5 * time.Second, Interval: 5 * time.Millisecond,
		Check: func(context.Context) error {
			said, err := os.ReadFile(filepath.Join(dir, "calls"))
			if err == nil && strings.Count(string(said), "status --wait\n") != n {
				err = errors.New("it was asked: " + string(said))
			}
			return err
		}}.Await(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
}

func end(t *testing.T, dir, status string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "done"), []byte(status), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A machine that boots is not listened to by anybody, then by an sshd that starts anew
// once; one login each is all that it costs.
func TestAwaitReady(t *testing.T) {
	dir := fakeCloudInit(t)
	target := serveSSH(t)
	door := &relay{to: target.Address}
	target.Address = freeAddress(t)
	var missing sync.Map
	ready := make(chan error, 1)
	go func() {
		ready <- target.AwaitReady(t.Context(), func(err error) { missing.Store(err.Error(), true) })
	}()
	<-time.After(3 * knocking)
	door.stand(t, target.Address)
	calls(t, dir, 1)
	door.cut()
	calls(t, dir, 2)
	<-time.After(3 * knocking)
	if n := door.count(); n != 2 {
		t.Errorf("%d connections, want one and one more after the first was cut", n)
	}
	end(t, dir, "0")
	began := time.Now()
	if err := <-ready; err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it was noticed %s after cloud-init had ended", took)
	}
	var reasons []string
	missing.Range(func(reason, _ any) bool { reasons = append(reasons, reason.(string)); return true })
	for _, part := range []string{"connection refused", "cloud-init on test host is still at work"} {
		if !strings.Contains(strings.Join(reasons, "\n"), part) {
			t.Errorf("it did not tell %q but %q", part, reasons)
		}
	}
}

func TestAwaitReadyEnds(t *testing.T) {
	for _, tc := range []struct{ name, status, says string }{
		{"done", "0", ""},
		{"done with warnings", "2", ""},
		{"failed", "1", "cloud-init failed on test host: status: whatever"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			end(t, fakeCloudInit(t), tc.status)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			err := serveSSH(t).AwaitReady(ctx, func(error) {})
			if tc.says == "" && err != nil || tc.says != "" && (err == nil || err.Error() != tc.says) {
				t.Errorf("error %v, want %q", err, tc.says)
			}
		})
	}
	t.Run("its context", func(t *testing.T) {
		fakeCloudInit(t)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if err := serveSSH(t).AwaitReady(ctx, func(error) {}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want the context's", err)
		}
	})
}
