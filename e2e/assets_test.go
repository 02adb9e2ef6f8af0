package e2e

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// noise is content that does not pack, in a .gz.
func noise(t *testing.T, size int) []byte {
	t.Helper()
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	seed := [32]byte{byte(size), byte(size >> 8), byte(size >> 16)}
	if _, err := io.CopyN(z, rand.NewChaCha8(seed), int64(size)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// numbers tell the artifacts of these scenarios apart, also from those of earlier runs.
var numbers atomic.Int64

func init() { numbers.Store(time.Now().UnixMicro() << 8) }

// TestDownloadResume kills wiabctl ten times while it downloads, lets two go on at once, and
// demands that hardly a byte came twice.
func TestDownloadResume(t *testing.T) {
	content := noise(t, 192<<20)
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		http.ServeContent(throttled{w, 64 << 20}, r, "", time.Time{}, bytes.NewReader(content))
	})
	config, cache := assetsConfig(t, numbers.Add(1), server.url+"/a.tgz", "") // nobody vouches for it
	for n := range 10 {
		moment := rand.Int64N(int64(len(content)) * 9 / 10)
		ctx, kill := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- theLab.Host(ctx, "wiabctl", "assets", "pull", "--config", config).Run() }()
		// Each run gets a tenth further at the most, so that there are ten to kill.
		until := max(moment, int64(n)*int64(len(content))/11)
		until = min(until, server.sent.Load()+int64(len(content))/11)
		eventually(t, time.Minute, func(context.Context) error {
			if sent := server.sent.Load(); sent < until {
				return fmt.Errorf("%d of %d bytes", sent, until)
			}
			return nil
		})
		kill()
		if err := <-ended; err == nil {
			t.Fatalf("run %d had ended before it could be killed", n)
		}
		if held := whole(t, cache); len(held) > 0 {
			t.Fatalf("run %d: what came half is taken for whole: %v", n, held)
		}
	}
	var two sync.WaitGroup
	for range 2 {
		two.Go(func() { mustWiabctl(t, "assets", "pull", "--config", config) })
	}
	two.Wait()
	if held := whole(t, cache); len(held) != 1 || held[0] != digestOf(content) {
		t.Errorf("in the cache: %v, want %s", held, digestOf(content))
	}
	twice := server.sent.Load() - int64(len(content))
	t.Logf("%d of %d bytes were sent twice", twice, len(content))
	if twice > int64(len(content)/100) {
		t.Errorf("%d of %d bytes were sent twice, the most is a hundredth", twice, len(content))
	}
	if listed := mustWiabctl(t, "assets", "list", "--config", config).stdout; !strings.Contains(listed, "held") || !strings.Contains(listed, digestOf(content)) {
		t.Error("assets list does not show it")
	}
	mustWiabctl(t, "assets", "verify", "--config", config)
	before := server.sent.Load()
	mustWiabctl(t, "assets", "bundle", "/var/tmp/bundle", "--config", config)
	defer onHost(t, "rm -rf /var/tmp/bundle")
	onHost(t, "cd /var/tmp/bundle && sha256sum --check --strict SHA256SUMS")
	mustWiabctl(t, "assets", "prune", "--all", "--yes", "--config", config)
	onHost(t, "sed -i 's|cache: .*}|cache: "+cache+", source: /var/tmp/bundle}|' "+config)
	mustWiabctl(t, "assets", "pull", "--config", config)
	if held := whole(t, cache); len(held) != 1 || server.sent.Load() != before {
		t.Errorf("from the bundle: in the cache %v; the server sent %d bytes more", held, server.sent.Load()-before)
	}
}

// TestUnpackResume kills wiabctl while it downloads and unpacks at once: hardly a byte comes
// twice, nothing half-made is taken for whole, and what is there in the end is the archive.
func TestUnpackResume(t *testing.T) {
	empty(t)
	url := regexp.MustCompile(`url: (http.*-([0-9a-f]{40})\.tgz)`).FindStringSubmatch(freshConfig)
	content := published(t, url[1])
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(throttled{w, 40 << 20}, r, "", time.Unix(1, 0), bytes.NewReader(content))
	})
	vms := strings.Index(freshConfig, "\nvms:")
	mine := regexp.MustCompile(`(?m)^  sha256: .*\n`).ReplaceAllString(freshConfig[:vms], "")
	writeHost(t, configFile, strings.Replace(mine, url[1], server.url+"/a.tgz", 1)+freshConfig[vms:])
	defer writeHost(t, configFile, freshConfig)
	mustWiabctl(t, "up", "--only", "host")
	const dirs = "ls -d /home/wire/wire-server-deploy* 2>/dev/null | grep -v '[.]part$' || true"
	for n := range 5 {
		ctx, kill := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			said, err := theLab.Host(ctx, "wiabctl", "up", "--yes", "--only", "assets").CombinedOutput()
			t.Logf("%s", said)
			ended <- err
		}()
		until := server.sent.Load() + 1 + rand.Int64N(int64(len(content))/6)
		eventually(t, time.Minute, func(context.Context) error {
			if sent := server.sent.Load(); sent < until {
				return fmt.Errorf("%d of %d bytes", sent, until)
			}
			return nil
		})
		kill()
		if err := <-ended; err == nil {
			t.Fatalf("run %d had ended before it could be killed", n)
		}
		if taken := onHost(t, dirs); taken != "" {
			t.Fatalf("run %d: what is half unpacked is taken for whole: %s", n, taken)
		}
	}
	a := mustWiabctl(t, "up", "--only", "assets")
	if !strings.Contains(a.stdout, "are there from an earlier run") {
		t.Error("up does not say that it goes on")
	}
	if twice := server.sent.Load() - int64(len(content)); twice > int64(len(content)/100) {
		t.Errorf("%d of %d bytes were sent twice, the most is a hundredth", twice, len(content))
	}
	onHost(t, "mkdir /var/tmp/reference && curl -sS "+url[1]+" | tar xz -C /var/tmp/reference")
	defer onHost(t, "rm -r /var/tmp/reference")
	onHost(t, "diff --recursive --exclude='.wiabctl*' /var/tmp/reference /home/wire/wire-server-deploy/")
	if foreign := onHost(t, "find /home/wire/wire-server-deploy/ ! -user wire ! -name .wiabctl-artifact -o ! -type l -perm /o+w -o -perm /7000; ls -d /home/wire/*.part 2>/dev/null || true"); foreign != "" {
		t.Errorf("of another owner, or open to all, or half: %s", foreign)
	}
	if again := mustWiabctl(t, "up", "--only", "assets"); !strings.HasSuffix(again.stdout, "0 changes\n") {
		t.Errorf("again: %s", again.stdout)
	}
	mustWiabctl(t, "down", "--yes") // the version would remember where it came from
}

// published is a file of the lab's web server.
func published(t *testing.T, url string) []byte {
	t.Helper()
	client, err := theLab.Client()
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestDownloadProxy downloads through a proxy, as the environment says, and past it.
func TestDownloadProxy(t *testing.T) {
	content := noise(t, 1<<20)
	var proxied atomic.Int32
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Host == "artifacts.example.net" { // what a proxy is asked for is an absolute URL
			proxied.Add(1)
		}
		_, _ = w.Write(content)
	})
	for name, test := range map[string]struct {
		host, environment string
		exit              int
		proxied           int32
	}{
		"through it": {"artifacts.example.net", "http_proxy=" + proxy.url, 0, 1},
		"past it":    {"artifacts.example.net", "http_proxy=" + proxy.url + " no_proxy=.example.net", 51, 0}, // that host serves no such file
	} {
		t.Run(name, func(t *testing.T) {
			proxied.Store(0)
			config, _ := assetsConfig(t, numbers.Add(1), "http://"+test.host+"/a.tgz", digestOf(content))
			onHost(t, "sed -i 's|http://artifacts.example.net/tiny|file:///nowhere/tiny|' "+config)
			a, err := try(t.Context(), "bash", "-c", test.environment+" wiabctl assets pull --config "+config)
			if err != nil {
				t.Fatal(err)
			}
			held := strings.Contains(a.stdout, "download artifact") && strings.Contains(a.stdout, "done in")
			if proxied.Load() != test.proxied || held != (test.exit == 0) {
				t.Errorf("%d requests came to the proxy, want %d\n%s%s", proxied.Load(), test.proxied, a.stdout, a.stderr)
			}
		})
	}
}

// hostile is a server's way to behave, and what has to come of it.
type hostile struct {
	answer func(content []byte) http.HandlerFunc
	vouch  string // "right", "wrong", or nobody does
	exit   int    // 0: it succeeds
	says   string
	quick  bool // it has to end within ten seconds: trying again is of no use
}

// TestHostileServer lets servers do what servers should not.
func TestHostileServer(t *testing.T) {
	t.Parallel()
	content := noise(t, 8<<20)
	plain := func(code int) func([]byte) http.HandlerFunc {
		return func([]byte) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
		}
	}
	good := func(content []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"`+digestOf(content)+`"`)
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
		}
	}
	cut := func(w http.ResponseWriter, content []byte, announced int) {
		w.Header().Set("Content-Length", strconv.Itoa(announced))
		_, _ = w.Write(content)
	}
	tests := map[string]hostile{
		"announces more than it has": {func(c []byte) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { cut(w, c, len(c)+1000) }
		}, "right", 51, "got no further", false},
		"announces less than it has": {func(c []byte) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { cut(w, c[:len(c)-1000], len(c)-1000) }
		}, "right", 50, "artifact-digest", true},
		"announces less, and nobody vouches": {func(c []byte) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { cut(w, c[:len(c)-1000], len(c)-1000) }
		}, "", 55, "artifact-corrupt", true},
		"closes early again and again": {func(c []byte) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("ETag", `"v1"`)
				http.ServeContent(&shortlived{ResponseWriter: w, left: len(c)/5 + 7}, r, "", time.Time{}, bytes.NewReader(c))
			}
		}, "right", 0, "", false},
		"ignores ranges": {func(c []byte) http.HandlerFunc {
			var asked atomic.Int32
			return func(w http.ResponseWriter, _ *http.Request) {
				if asked.Add(1) < 3 {
					cut(w, c[:len(c)/2], len(c))
					return
				}
				cut(w, c, len(c))
			}
		}, "", 0, "", false},
		"has another file after the break": {func(c []byte) http.HandlerFunc {
			var asked atomic.Int32
			old := noise(t, 6<<20)
			return func(w http.ResponseWriter, r *http.Request) {
				if asked.Add(1) == 1 {
					w.Header().Set("ETag", `"old"`)
					cut(w, old[:len(old)/2], len(old))
					return
				}
				good(c)(w, r)
			}
		}, "", 0, "", false},
		"has another file, and says that it is the same": {func(c []byte) http.HandlerFunc {
			var asked atomic.Int32
			old := bytes.Repeat([]byte("old"), len(c)/3)
			return func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("ETag", `"v1"`)
				if asked.Add(1) == 1 {
					cut(w, old[:len(old)/2], len(old))
					return
				}
				http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(c))
			}
		}, "right", 50, "artifact-digest", true},
		"answers another range": {func(c []byte) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Range") == "" {
					w.Header().Set("ETag", `"v1"`)
					cut(w, c[:len(c)/2], len(c))
					return
				}
				w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", len(c)-1, len(c)))
				w.WriteHeader(http.StatusPartialContent)
				_, _ = w.Write(c)
			}
		}, "right", 51, "not asked for", true},
		"announces a whole disk": {func([]byte) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { cut(w, []byte("x"), 1<<60) }
		}, "", 56, "no-space", true},
		"403":                {plain(403), "", 51, "403", true},
		"404":                {plain(404), "", 51, "404", true},
		"500 for ever":       {plain(500), "", 51, "500", false},
		"503 twice":          {func(c []byte) http.HandlerFunc { return failing(2, 503, good(c)) }, "right", 0, "", true},
		"429 twice":          {func(c []byte) http.HandlerFunc { return failing(2, 429, good(c)) }, "", 0, "", true},
		"redirects":          {func(c []byte) http.HandlerFunc { return redirecting("/moved", good(c)) }, "right", 0, "", true},
		"redirects for ever": {func(c []byte) http.HandlerFunc { return redirecting("/a.tgz", good(c)) }, "", 51, "redirects", true},
		"falls silent":       {func(c []byte) http.HandlerFunc { return quiet(c) }, "", 51, "stopped sending", false},
		"trickles": {func(c []byte) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) { good(c)(throttled{w, 1 << 20}, r) }
		}, "right", 0, "", false},
		"another digest": {good, "wrong", 50, "artifact-digest", true},
		"a web page": {func([]byte) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>sign in") }
		}, "", 55, "artifact-corrupt", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, test.answer(content))
			pulled(t, server.url+"/a.tgz", content, test)
		})
	}
	t.Run("a bad certificate", func(t *testing.T) {
		t.Parallel()
		listener, err := theLab.Listen(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		secure := httptest.NewUnstartedServer(good(content))
		secure.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are meant
		_ = secure.Listener.Close()
		secure.Listener = listener
		secure.StartTLS()
		t.Cleanup(secure.Close)
		pulled(t, secure.URL+"/a.tgz", content, hostile{vouch: "right", exit: 51, says: "certificate", quick: true})
	})
	t.Run("no such host", func(t *testing.T) {
		t.Parallel()
		pulled(t, "http://nowhere.invalid/a.tgz", content, hostile{exit: 51, says: "nowhere.invalid", quick: true})
	})
}

// pulled pulls the artifact and looks at what came of it.
func pulled(t *testing.T, url string, content []byte, want hostile) {
	t.Helper()
	vouched := map[string]string{"": "", "right": digestOf(content), "wrong": digestOf(content[1:])}[want.vouch]
	config, cache := assetsConfig(t, numbers.Add(1), url, vouched)
	a := wiabctl(t, "assets", "pull", "--config", config)
	if a.code != want.exit || !strings.Contains(a.stderr, want.says) {
		t.Errorf("exit code %d; want %d and %q", a.code, want.exit, want.says)
	}
	if want.quick && a.took > 10*time.Second {
		t.Errorf("it took %s", a.took)
	}
	held := whole(t, cache)
	if want.exit != 0 && len(held) > 0 {
		t.Errorf("it is taken for whole: %v", held)
	}
	if want.exit == 0 && (len(held) != 1 || held[0] != digestOf(content)) {
		t.Errorf("in the cache: %v, want %s", held, digestOf(content))
	}
}

// shortlived sends so many bytes and then closes the connection.
type shortlived struct {
	http.ResponseWriter
	left int
}

func (c *shortlived) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p[:min(c.left, len(p))])
	c.left -= n
	if c.left == 0 {
		return n, errors.Join(err, io.ErrShortWrite)
	}
	return n, err
}

// failing answers with the code so many times.
func failing(times int32, code int, then http.HandlerFunc) http.HandlerFunc {
	var asked atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) <= times {
			w.WriteHeader(code)
			return
		}
		then(w, r)
	}
}

// redirecting sends who asks for /a.tgz to the path.
func redirecting(path string, then http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/a.tgz" {
			http.Redirect(w, r, path, http.StatusFound)
			return
		}
		then(w, r)
	}
}

// quiet sends half of the file and then nothing more.
func quiet(content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		_, _ = w.Write(content[:len(content)/2])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
}
