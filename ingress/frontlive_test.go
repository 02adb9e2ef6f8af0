package ingress

import (
	"bufio"
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

	"golang.org/x/net/http2"

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

	front := redFront()
	front.Origin = netip.MustParseAddr("127.0.0.1")
	hosts := f.authority.issue("red", time.Now().Add(time.Hour), front.Hosts...)
	inTest := strings.NewReplacer(
		":443 ssl crt-list", f.https+" ssl crt-list", "bind :80", "bind "+f.http,
		"127.0.0.1:443", f.origin.Listener.Addr().String(), "127.0.0.1:80\n", f.relay.Listener.Addr().String()+"\n",
		"/var/lib/haproxy", filepath.Join(dir, "chroot"),
		"/etc/ssl/certs/ca-certificates.crt", filepath.Join(dir, "ca.crt"), "/dev/log", f.listenForLogs(t),
		// What lasts a minute there is to be seen here.
		"timeout client 60s", "timeout client 1s", "timeout server 60s", "timeout server 1s", "inter 5s", "inter 100ms",
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
	must(t, change.Condition{Description: fmt.Sprintf("haproxy to answer %d", status), Deadline: 10 * time.Second, Interval: 50 * time.Millisecond,
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

const (
	redAPI = "https://nginz-https.red.example.com"
	redWS  = "nginz-ssl.red.example.com"
)

// TestFrontAnswers asks for hosts: whose are the domain's gets through, under its exact name.
func TestFrontAnswers(t *testing.T) {
	f := startFront(t)
	for _, tc := range []struct {
		name, host string
		status     int
		seen       string // the host that the origin sees
	}{
		{"its own", "nginz-https.red.example.com", 200, "nginz-https.red.example.com"},
		{"another of its own", "assets.red.example.com", 200, "assets.red.example.com"},
		{"with a port", "nginz-https.red.example.com:443", 200, "nginz-https.red.example.com"},
		{"in capital letters", "NGINZ-https.Red.example.com", 200, "nginz-https.red.example.com"},
		{"another domain's", "nginz-https.blue.example.net", 403, ""},
		{"the default domain's", "nginz-https.green.example.org", 403, ""},
		{"the domain itself", "red.example.com", 403, ""},
		{"an unknown one below the domain", "sftd.red.example.com", 403, ""},
		{"one that ends alike", "nginz-https.red.example.com.example.net", 403, ""},
		{"an address", "127.0.0.1", 403, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			answer, body := f.ask(t, redAPI+"/x", map[string]string{"Host": tc.host})
			if answer.StatusCode != tc.status || tc.seen != "" && !strings.Contains(body, `"Host":["`+tc.seen+`"]`) {
				t.Errorf("%s: %s, want %d and the host %q", answer.Status, body, tc.status, tc.seen)
			}
			plain, _ := f.ask(t, "http://nginz-https.red.example.com/x", map[string]string{"Host": tc.host})
			if want := map[int]int{200: 308, 403: 403}[tc.status]; plain.StatusCode != want {
				t.Errorf("over HTTP: %s, want %d", plain.Status, want)
			}
		})
	}
}

// TestFrontForwards sends what a client may say of itself: none of it gets through.
func TestFrontForwards(t *testing.T) {
	f := startFront(t)
	_, body := f.ask(t, redAPI+"/x", map[string]string{
		"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Host": "nginz-https.blue.example.net", "X-Forwarded-Proto": "http", "X-Forwarded-Port": "80",
		"X-Forwarded-Prefix": "/i", "Forwarded": "for=192.0.2.1", "X-Real-IP": "192.0.2.1", "Authorization": "Bearer kept",
	})
	var got http.Header
	must(t, json.Unmarshal([]byte(body), &got))
	for name, want := range map[string]string{
		"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "nginz-https.red.example.com", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "443",
		"X-Forwarded-Prefix": "", "Forwarded": "", "X-Real-Ip": "", "Authorization": "Bearer kept",
	} {
		if all := strings.Join(got.Values(name), ", "); all != want {
			t.Errorf("%s is %q, want %q", name, all, want)
		}
	}
	if answer, _ := f.ask(t, redAPI+"/x", map[string]string{"Cookie": strings.Repeat("c", 32<<10)}); answer.StatusCode != 200 {
		t.Errorf("a head of 32 KiB: %s", answer.Status)
	}
	for path, want := range map[string]string{"/x": "max-age=31536000", "/strict": "max-age=7"} {
		if answer, _ := f.ask(t, redAPI+path, nil); strings.Join(answer.Header.Values("Strict-Transport-Security"), "|") != want {
			t.Errorf("%s: Strict-Transport-Security is %q, want %q", path, answer.Header.Values("Strict-Transport-Security"), want)
		}
	}
}

// TestFrontLogs demands a line that names the client, the host and the path, and no token.
func TestFrontLogs(t *testing.T) {
	f := startFront(t)
	f.ask(t, redAPI+"/await?access_token=secret-in-the-query", map[string]string{"Authorization": "Bearer secret-in-the-header", "Referer": "https://x/?t=secret-in-the-referer"})
	must(t, change.Condition{Description: "a line in the log", Deadline: 5 * time.Second, Interval: 20 * time.Millisecond, Check: func(context.Context) error {
		if !strings.Contains(f.log.String(), "GET nginz-https.red.example.com /await") {
			return errors.New("there is none")
		}
		return nil
	}}.Await(t.Context(), nil))
	if log := f.log.String(); strings.Contains(log, "secret") || !strings.Contains(log, "127.0.0.1:") {
		t.Errorf("logged: %s", log)
	}
}

// TestFrontTLS looks at the handshake: how old a client may be, what it is offered, and what
// who asks for no name of the domain is shown.
func TestFrontTLS(t *testing.T) {
	f := startFront(t)
	for _, tc := range []struct {
		name, server string
		version      uint16
		want         string // the protocol; "refused"
	}{
		{"TLS 1.3", "webapp.red.example.com", tls.VersionTLS13, "h2"},
		{"TLS 1.2", "nginz-https.red.example.com", tls.VersionTLS12, "h2"},
		{"TLS 1.1", "webapp.red.example.com", tls.VersionTLS11, "refused"},
		{"no HTTP/2 for WebSockets", redWS, tls.VersionTLS13, "http/1.1"},
		{"another name", "webapp.blue.example.net", tls.VersionTLS13, "refused"},
		{"no name", "", tls.VersionTLS13, "refused"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			conn, err := tls.Dial("tcp", f.https, &tls.Config{ServerName: tc.server, MinVersion: tls.VersionTLS10, MaxVersion: tc.version,
				NextProtos: []string{"h2", "http/1.1"}, RootCAs: f.authority.pool(), InsecureSkipVerify: tc.server == ""})
			got := "refused"
			if err == nil {
				got = conn.ConnectionState().NegotiatedProtocol
				conn.Close()
			}
			if got != tc.want {
				t.Errorf("%s (%v), want %s", got, err, tc.want)
			}
		})
	}
	t.Run("no WebSockets over HTTP/2 are announced", func(t *testing.T) {
		conn, err := tls.Dial("tcp", f.https, &tls.Config{ServerName: "webapp.red.example.com", NextProtos: []string{"h2"}, RootCAs: f.authority.pool()})
		must(t, err)
		defer conn.Close()
		_, err = conn.Write([]byte(http2.ClientPreface))
		must(t, err)
		framer := http2.NewFramer(conn, conn)
		must(t, framer.WriteSettings())
		frame, err := framer.ReadFrame()
		must(t, err)
		settings, ok := frame.(*http2.SettingsFrame)
		if !ok {
			t.Fatalf("the first frame is %s", frame.Header())
		}
		if value, told := settings.Value(http2.SettingEnableConnectProtocol); told && value != 0 {
			t.Error("RFC 8441 is offered")
		}
	})
}

// TestFrontWebSocket lets a WebSocket idle for longer than a request may.
func TestFrontWebSocket(t *testing.T) {
	f := startFront(t)
	conn, err := tls.Dial("tcp", f.https, &tls.Config{ServerName: redWS, RootCAs: f.authority.pool()})
	must(t, err)
	defer conn.Close()
	fmt.Fprintf(conn, "GET /await?access_token=x HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", redWS)
	reader := bufio.NewReader(conn)
	answer, err := http.ReadResponse(reader, nil)
	must(t, err)
	if answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("the handshake: %s", answer.Status)
	}
	must(t, conn.SetReadDeadline(time.Now().Add(2500*time.Millisecond)))
	if _, err := reader.ReadByte(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the idle connection: %v", err)
	}
	must(t, conn.SetReadDeadline(time.Now().Add(5*time.Second)))
	_, err = conn.Write([]byte("?"))
	must(t, err)
	if said, err := reader.ReadByte(); said != '?' {
		t.Errorf("after idling: %q, %v", said, err)
	}
}

// TestFrontPlain asks over HTTP: a redirect, or the answer to a challenge from here or there.
func TestFrontPlain(t *testing.T) {
	f := startFront(t)
	must(t, os.WriteFile(filepath.Join(f.challenges, "own-Token_1"), []byte("own-Token_1.thumbprint"), 0o644))
	must(t, os.WriteFile(filepath.Join(filepath.Dir(f.challenges), "secret"), []byte("not for you"), 0o644))
	const host = "http://webapp.red.example.com"
	for _, tc := range []struct {
		name, url      string
		status         int
		location, body string
	}{
		{"a page", host + "/a?b=c", 308, "https://webapp.red.example.com/a?b=c", ""},
		{"a page, with a port", host + ":80/a", 308, "https://webapp.red.example.com/a", ""},
		{"this machine's challenge", host + "/.well-known/acme-challenge/own-Token_1", 200, "", "own-Token_1.thumbprint"},
		{"the origin's challenge", host + "/.well-known/acme-challenge/other", 200, "", "the origin, for webapp.red.example.com/.well-known/acme-challenge/other"},
		{"no file beside the challenges", host + "/.well-known/acme-challenge/%2e%2e%2fsecret", 200, "", "the origin, for webapp.red.example.com/.well-known/acme-challenge/../secret"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			answer, body := f.ask(t, tc.url, nil)
			if answer.StatusCode != tc.status || answer.Header.Get("Location") != tc.location || body != tc.body {
				t.Errorf("%s to %q: %q; want %d to %q: %q", answer.Status, answer.Header.Get("Location"), body, tc.status, tc.location, tc.body)
			}
		})
	}
}

// TestFrontOrigin takes the backend away, lets it be unwell, and gives it a certificate that is not the domain's.
func TestFrontOrigin(t *testing.T) {
	f := startFront(t)
	f.originShows(f.authority.issue("other", time.Now().Add(time.Hour), Hosts("blue.example.net")...))
	f.eventually(t, http.StatusServiceUnavailable)
	f.originShows(newAuthority(t).issue("red", time.Now().Add(time.Hour), Hosts("red.example.com")...))
	f.eventually(t, http.StatusServiceUnavailable)
	f.originShows(f.originSecure)
	f.eventually(t, http.StatusOK)
	f.unwell.Store(true)
	f.eventually(t, http.StatusServiceUnavailable)
	f.unwell.Store(false)
	f.eventually(t, http.StatusOK)
	f.origin.Listener.Close()
	f.eventually(t, http.StatusServiceUnavailable)
}

// freePort is an address of loopback that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
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
