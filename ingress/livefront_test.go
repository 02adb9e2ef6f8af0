package ingress

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wiabctl/provision/change"
)

// liveFront is a real haproxy with red's configuration on ports of loopback, and an origin
// behind it.
type liveFront struct {
	authority    *authority
	https, http  string // where the proxy listens
	challenges   string // the directory of certbot's answers
	log          *received
	origin       *httptest.Server
	relay        *httptest.Server      // the origin's port 80
	originShows  func(tls.Certificate) // the certificate of the origin from now on
	unwell       atomic.Bool           // the origin says so
	originSecure tls.Certificate
}

// received is what haproxy logged.
type received struct {
	mu   sync.Mutex
	text strings.Builder
}

func (r *received) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// startFront starts both, the configuration changed by pairs of old and new text. haproxy changes
// its root and its user, which only root can.
func startFront(t *testing.T, changed ...string) *liveFront {
	t.Helper()
	return startFrontOf(t, redFront(), changed...)
}

func startFrontOf(t *testing.T, front Front, changed ...string) *liveFront {
	t.Helper()
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("needs root: haproxy changes its root directory and its user")
	}
	dir := t.TempDir()
	f := &liveFront{authority: newAuthority(t), https: freePort(t), http: freePort(t), log: &received{}, challenges: filepath.Join(dir, "chroot/acme/.well-known/acme-challenge")}
	f.startOrigin(t)
	f.relay = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		fmt.Fprintf(rw, "the origin, for %s%s", req.Host, req.URL.Path)
	}))
	t.Cleanup(f.relay.Close)

	front.Origin = netip.MustParseAddr("127.0.0.1")
	hosts := f.authority.issue("red", time.Now().Add(time.Hour), front.Hosts...)
	inTest := strings.NewReplacer(
		":443 ssl crt-list", f.https+" ssl crt-list", "bind :80", "bind "+f.http,
		"127.0.0.1:443", f.origin.Listener.Addr().String(), "127.0.0.1:80\n", f.relay.Listener.Addr().String()+"\n",
		"/var/lib/haproxy", filepath.Join(dir, "chroot"),
		"/etc/ssl/certs/ca-certificates.crt", filepath.Join(dir, "ca.crt"), "/dev/log", f.listenForLogs(t),
	)
	must(t, os.MkdirAll(f.challenges, 0o755))
	files, err := front.Files()
	must(t, err)
	all := ""
	for _, file := range files {
		all += string(file.Content)
		text := inTest.Replace(strings.NewReplacer(changed...).Replace(string(file.Content)))
		must(t, os.WriteFile(filepath.Join(dir, path.Base(file.Path)), []byte(text), 0o644))
	}
	for i := 0; i < len(changed); i += 2 {
		if !strings.Contains(all, changed[i]) {
			t.Fatalf("there is no %q to change", changed[i])
		}
	}
	must(t, os.WriteFile(filepath.Join(dir, "wiabctl.pem"), pairOf(t, hosts), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "ca.crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.authority.cert.Raw}), 0o644))
	f.run(t, filepath.Join(dir, "haproxy.cfg"))
	return f
}

// startOrigin starts a backend that tells what it was asked, and joins WebSockets.
func (f *liveFront) startOrigin(t *testing.T) {
	t.Helper()
	f.origin = httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		switch {
		case req.Header.Get("Upgrade") != "":
			echo(rw, req.Header.Get("Sec-WebSocket-Key"))
		case req.Method == http.MethodOptions: // nginz knows the pages of all domains
			if origin := req.Header.Get("Origin"); origin != "" {
				rw.Header().Set(allow, origin)
			}
		case req.URL.Path == "/deeplink.json":
			deeplinkOf(rw, req)
		case req.URL.Path == "/strict":
			rw.Header().Set("Strict-Transport-Security", "max-age=7")
		case req.URL.Path == "/status" && f.unwell.Load():
			rw.WriteHeader(http.StatusServiceUnavailable)
		case req.URL.Path == "/status":
		default:
			req.Header.Set("Host", req.Host)
			_ = json.NewEncoder(rw).Encode(req.Header)
		}
	}))
	var shown sync.Mutex
	f.originSecure = f.authority.issue("origin", time.Now().Add(time.Hour), Hosts("red.example.com")...)
	current := f.originSecure
	f.originShows = func(c tls.Certificate) { shown.Lock(); current = c; shown.Unlock() }
	f.origin.TLS = &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		shown.Lock()
		defer shown.Unlock()
		return &current, nil
	}, SessionTicketsDisabled: true}
	f.origin.Config.SetKeepAlivesEnabled(false)
	f.origin.Config.ErrorLog = log.New(io.Discard, "", 0) // the proxy refuses some of its certificates
	f.origin.StartTLS()
	t.Cleanup(f.origin.Close)
}

// deeplinkOf answers by the exact host, as nginz does, and believes who tells another one, as the
// ingress does behind proxies.
func deeplinkOf(rw http.ResponseWriter, req *http.Request) {
	switch host := cmp.Or(req.Header.Get("X-Forwarded-Host"), req.Host); host {
	case "nginz-https.red.example.com", "nginz-https.green.example.org":
		fmt.Fprintf(rw, `{"endpoints": {"backendURL": "https://%s"}}`, host)
	default:
		http.NotFound(rw, req)
	}
}

// echo takes a WebSocket and gives back what comes over it. haproxy looks at the answer to
// the key (RFC 6455, 4.2.2).
func echo(rw http.ResponseWriter, key string) {
	conn, buffered, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", base64.StdEncoding.EncodeToString(sum[:]))
	_, _ = io.Copy(conn, buffered)
}

// listenForLogs plays syslog and returns its address.
func (f *liveFront) listenForLogs(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	go func() {
		for buffer := make([]byte, 64<<10); ; {
			n, _, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			f.log.mu.Lock()
			f.log.text.Write(buffer[:n])
			f.log.mu.Unlock()
		}
	}()
	return conn.LocalAddr().String()
}

// run starts haproxy and waits until it serves what the origin has.
func (f *liveFront) run(t *testing.T, config string) {
	t.Helper()
	if said, err := exec.Command("haproxy", "-c", "-f", config).CombinedOutput(); err != nil || bytes.Contains(said, []byte("WARNING")) {
		t.Fatalf("haproxy -c: %v\n%s", err, said)
	}
	var said bytes.Buffer
	haproxy := exec.Command("haproxy", "-db", "-f", config)
	haproxy.Stdout, haproxy.Stderr = &said, &said
	must(t, haproxy.Start())
	t.Cleanup(func() {
		_ = haproxy.Process.Kill()
		_ = haproxy.Wait()
		if t.Failed() {
			t.Logf("haproxy said: %s\nand logged: %s", &said, f.log)
		}
	})
	f.eventually(t, http.StatusOK)
}

// checked is what the checks find.
func (f *liveFront) checked(t *testing.T) (problems map[string]string, err error) {
	t.Helper()
	check := FrontCheck{Front: redFront(), HTTPS: f.https, HTTP: f.http, OriginHTTPS: f.origin.Listener.Addr().String(),
		OriginHTTP: f.relay.Listener.Addr().String(), Foreign: "green.example.org", RootCAs: f.authority.pool()}
	findings, err := check.Run(t.Context())
	problems = map[string]string{}
	for _, found := range findings {
		if found.Problem != "" {
			problems[found.Check] = found.Problem
		}
	}
	return problems, err
}

// eventually waits until the proxy answers with the status.
func (f *liveFront) eventually(t *testing.T, status int) {
	t.Helper()
	must(t, change.Condition{Description: fmt.Sprintf("haproxy to answer %d", status), Deadline: 30 * time.Second, Interval: 50 * time.Millisecond,
		Check: func(ctx context.Context) error {
			answer, err := f.client(tls.VersionTLS12, "http/1.1").Get("https://nginz-https.red.example.com/")
			if err != nil {
				return err
			}
			answer.Body.Close()
			if answer.StatusCode != status {
				return errors.New(answer.Status)
			}
			return nil
		}}.Await(t.Context(), nil))
}

// client reaches the proxy whatever it asks for, with TLS of this version at the most.
func (f *liveFront) client(version uint16, protocols ...string) *http.Client {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if strings.HasSuffix(address, ":80") {
			return new(net.Dialer).DialContext(ctx, network, f.http)
		}
		return new(net.Dialer).DialContext(ctx, network, f.https)
	}
	transport := &http.Transport{DialContext: dial, DisableKeepAlives: true,
		TLSClientConfig: &tls.Config{RootCAs: f.authority.pool(), MaxVersion: version, MinVersion: tls.VersionTLS10, NextProtos: protocols}}
	return &http.Client{Transport: transport, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// ask sends a request with other headers, "Host" among them, and returns the answer and what
// is in it.
func (f *liveFront) ask(t *testing.T, url string, headers map[string]string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	must(t, err)
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	if host := headers["Host"]; host != "" {
		req.Host = host
	}
	answer, err := f.client(tls.VersionTLS13, "http/1.1").Do(req)
	must(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	must(t, err)
	return answer, string(body)
}

// loopback numbers the addresses of loopback that were given away.
var loopback atomic.Uint32

// freePort is a port of an address of loopback that nobody else has: not even a test beside this one takes it meanwhile.
func freePort(t *testing.T) string {
	t.Helper()
	n := loopback.Add(1)
	listener, err := net.Listen("tcp", netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 1, byte(n >> 8), byte(n)}), 0).String())
	must(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// pairOf is a certificate with its chain and its key, one behind the other.
func pairOf(t *testing.T, pair tls.Certificate) []byte {
	t.Helper()
	c := files(t, pair)
	cert, err := os.ReadFile(c.Cert)
	must(t, err)
	key, err := os.ReadFile(c.Key)
	must(t, err)
	return append(cert, key...)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
