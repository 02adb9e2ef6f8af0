package lab

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// newInternet starts a lab's internet without its KVM host.
func newInternet(t *testing.T) *Lab {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: makes a network namespace")
	}
	l, err := open(Options{Dir: filepath.Join(t.TempDir(), "lab")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Down(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := os.MkdirAll(l.path("www"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := makeAuthority(l.path("ca"), time.Now()); err != nil {
		t.Fatal(err)
	}
	program, err := l.goBuild(t.Context(), l.path("bin"), "./e2e/lab/internet")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.startInternet(t.Context(), program); err != nil {
		t.Fatal(err)
	}
	authority := exec.CommandContext(t.Context(), "go", "build", "-o", l.path("bin", "acme"), acmePackage)
	authority.Dir = filepath.Join(l.repository, "e2e", "kube")
	if err := run(authority); err != nil {
		t.Fatal(err)
	}
	if err := l.startACME(t.Context(), l.path("bin", "acme")); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestInternet(t *testing.T) {
	l := newInternet(t)
	file := filepath.Join(t.TempDir(), "thing")
	if err := os.WriteFile(file, []byte("0123456789"), 0o644); err != nil {
		t.Fatal(err)
	}
	url, sum, err := l.Publish("thing.bin", file)
	if err != nil {
		t.Fatal(err)
	}
	if want := "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882"; sum != want {
		t.Errorf("sha256 %s, want %s", sum, want)
	}

	t.Run("a part of a published file", func(t *testing.T) {
		client, err := l.Client()
		if err != nil {
			t.Fatal(err)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Range", "bytes=4-6")
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil || string(body) != "456" || response.StatusCode != http.StatusPartialContent {
			t.Errorf("%s %q (%v), want 206 and 456", response.Status, body, err)
		}
	})
	t.Run("the client's address", func(t *testing.T) {
		conn, err := l.Dial(t.Context(), "tcp", "artifacts.example.net:80")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if from := conn.LocalAddr().(*net.TCPAddr).IP.String(); from != Guest {
			t.Errorf("calls from %s, want %s", from, Guest)
		}
	})
	t.Run("curl", func(t *testing.T) {
		out, err := l.Curl(t.Context(), "-sS", url).CombinedOutput()
		if err != nil || string(out) != "0123456789" {
			t.Errorf("%q, %v", out, err)
		}
	})
	t.Run("the certificate authority", func(t *testing.T) {
		out, err := l.Curl(t.Context(), "-sS", "https://acme-v02.api.letsencrypt.org/directory").CombinedOutput()
		if err != nil || !strings.Contains(string(out), `"newOrder": "https://acme-v02.api.letsencrypt.org/`) {
			t.Errorf("%s, %v", out, err)
		}
		if text, err := os.ReadFile(l.trust()); err != nil || strings.Count(string(text), "BEGIN CERTIFICATE") != 2 {
			t.Errorf("who is trusted: %s, %v", text, err)
		}
	})
	t.Run("a foreign name", func(t *testing.T) {
		if ip, err := l.resolve(t.Context(), "wire.com"); err == nil {
			t.Errorf("wire.com is %s, want no such name", ip)
		}
	})
	t.Run("no way out", func(t *testing.T) {
		out, err := l.Internet(t.Context(), "ip", "route", "get", "192.0.2.1").CombinedOutput()
		if err == nil || !strings.Contains(string(out), "unreachable") {
			t.Errorf("a route leads out of the lab: %s", out)
		}
	})
}

func TestDownRemovesEverything(t *testing.T) {
	l := newInternet(t)
	pids := []int{l.internet().running(), l.acme().running()}
	if err := l.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{l.dir, l.namespaceFile()} {
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there (%v)", path, err)
		}
	}
	for _, pid := range pids {
		if state, _, err := stat(pid); err == nil && state != "Z" {
			t.Errorf("process %d still runs", pid)
		}
	}
	if err := l.Down(t.Context()); err != nil {
		t.Errorf("a second time: %v", err)
	}
}

func TestNameDependsOnDirectory(t *testing.T) {
	a, b := &Lab{dir: "/a"}, &Lab{dir: "/b"}
	if a.name() == b.name() {
		t.Errorf("two directories share the name %s", a.name())
	}
	if n := a.namespace(); len(n) > 20 || !strings.HasPrefix(n, "wl-") || !strings.HasSuffix(n, "-inet") {
		t.Errorf("namespace %q", n)
	}
}

func TestHostThatIsDown(t *testing.T) {
	l := &Lab{dir: t.TempDir()}
	if err := l.Host(t.Context(), "true").Run(); !errors.Is(err, errDown) {
		t.Errorf("error %v, want %v", err, errDown)
	}
	if _, err := os.Stat(l.Path("/etc/passwd")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the path leads somewhere: %v", err)
	}
	var exit *exec.ExitError
	if err := l.Reboot(t.Context()); err == nil || errors.As(err, &exit) {
		t.Errorf("reboot: %v", err)
	}
}
