package ingress

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"wiabctl/provision/change"
)

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

// TestFrontOrigins sends requests of pages: to the backend, which knows those of all domains, only its own domain's
// are told as such, but where conferences are, which all have in common.
func TestFrontOrigins(t *testing.T) {
	front := redFront()
	front.SFT = "assets.red.example.com"
	f := startFrontOf(t, front)
	for origin, passes := range map[string]bool{
		"https://webapp.red.example.com": true, "https://teams.red.example.com": true, "https://webapp.blue.example.net": false, "https://webapp.green.example.org": false,
		"https://webapp.notred.example.com": false, "https://webapp.red.example.com.example.net": false, "https://red.example.com": false, "null": false,
	} {
		want := ""
		if passes {
			want = origin
		}
		for at, want := range map[string]string{redAPI: want, "https://assets.red.example.com": origin} {
			_, body := f.ask(t, at+"/x", map[string]string{"Origin": origin})
			var got http.Header
			must(t, json.Unmarshal([]byte(body), &got))
			if got.Get("Origin") != want {
				t.Errorf("of %s the backend sees %q at %s", origin, got.Get("Origin"), at)
			}
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
	// What lasts a minute there is to be seen here.
	f := startFront(t, "timeout client 60s", "timeout client 1s", "timeout server 60s", "timeout server 1s")
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
	f := startFront(t, "inter 5s", "inter 100ms")
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
