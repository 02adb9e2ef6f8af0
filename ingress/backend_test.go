package ingress

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// greenAndRed is a backend with one extra domain and calls of its own.
var greenAndRed = Set{Default: "green.example.org", Extra: []Domain{{Domain: "red.example.com", Apps: apps}, {Domain: "blue.example.net", Apps: apps}}, SFT: "sftd.green.example.org"}

// goodLink is the deep link that a domain should have.
func goodLink(domain string) string {
	return fmt.Sprintf(`{"endpoints": {"backendURL": "https://nginz-https.%[1]s", "backendWSURL": "https://nginz-ssl.%[1]s",
		"teamsURL": "https://teams.%[1]s", "accountsURL": "https://account.%[1]s",
		"blackListURL": "https://clientblacklist.wire.com/prod", "websiteURL": "https://wire.com"}, "title": "x"}`, domain)
}

// backend answers for domains as an installation does, by the host's first label and the path; a test
// replaces what it wants wrong.
type backend struct {
	answer      map[string]http.HandlerFunc
	requests    atomic.Int32
	connections atomic.Int32
}

// page answers with a status, headers as pairs, and a body in which DOMAIN stands for the domain.
func page(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, domain, _ := strings.Cut(r.Host, ".")
		for i := 0; i < len(headers); i += 2 {
			w.Header().Add(headers[i], strings.ReplaceAll(headers[i+1], "DOMAIN", domain))
		}
		w.WriteHeader(status)
		fmt.Fprint(w, strings.ReplaceAll(body, "DOMAIN", domain))
	}
}

const (
	kind   = "Content-Type"
	asJSON = "application/json"
	allow  = "Access-Control-Allow-Origin"
	csp    = "connect-src 'self' https://*.DOMAIN wss://*.DOMAIN https://sftd.green.example.org wss://sftd.green.example.org; default-src 'self'"
)

func newBackend() *backend {
	return &backend{answer: map[string]http.HandlerFunc{
		"nginz-https/status":        page(200, ""),
		"nginz-https/api-version":   page(200, `{"supported": [0, 1], "domain": "green.example.org"}`, kind, asJSON),
		"nginz-https/deeplink.json": page(200, goodLink("DOMAIN"), kind, asJSON),
		"nginz-https/i/status":      page(404, ""),
		"nginz-https/access":        page(204, "", allow, "https://webapp.DOMAIN", "Access-Control-Allow-Credentials", "true"),
		"nginz-ssl/await":           page(401, ""),
		"assets/":                   page(403, "<Error><Code>AccessDenied</Code></Error>"),
		"webapp/":                   page(200, "<html>", policyHeader, csp),
		"webapp/config.js":          page(200, `window.wire = {}; window.wire.env = {"BACKEND_REST": "https://nginz-https.DOMAIN", "BACKEND_WS": "wss://nginz-ssl.DOMAIN"};`),
		"teams/":                    page(200, "<html>"),
		"account/":                  page(200, `<a href="https://nginz-https.green.example.org">`),
		"sftd/sft/url": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set(allow, r.Header.Get("Origin"))
		},
	}}
}

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.requests.Add(1)
	label, _, _ := strings.Cut(r.Host, ".")
	if answer, ok := b.answer[label+r.URL.Path]; ok {
		answer(w, r)
		return
	}
	http.NotFound(w, r)
}

// serve starts the backend with certificates and returns what verifies it.
func serve(t *testing.T, a *authority, b http.Handler, pairs ...tls.Certificate) Verify {
	t.Helper()
	server := httptest.NewUnstartedServer(b)
	sftd := a.issue("", time.Now().Add(time.Hour), "sftd.green.example.org")
	server.TLS = &tls.Config{Certificates: append(pairs, sftd)} // by SNI, else the first
	server.Config.ErrorLog = log.New(io.Discard, "", 0)         // refused handshakes are meant
	if counting, ok := b.(*backend); ok {
		server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				counting.connections.Add(1)
			}
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	return Verify{Set: greenAndRed, Fixed: fixed, Address: server.Listener.Addr().String(), RootCAs: a.pool(), Timeout: 30 * time.Second}
}
