package ingress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wiabctl/provision/change"
)

// goodLink is the deep link that a domain should have.
func goodLink(domain string) string {
	return fmt.Sprintf(`{"endpoints": {"backendURL": "https://nginz-https.%[1]s", "backendWSURL": "https://nginz-ssl.%[1]s",
		"teamsURL": "https://teams.%[1]s", "accountsURL": "https://account.%[1]s",
		"blackListURL": "https://clientblacklist.wire.com/prod", "websiteURL": "https://wire.com"}, "title": "x"}`, domain)
}

// backend answers for domains as an installation does. Each field may be changed.
type backend struct {
	link     string // the deep link, for every domain
	kind     string // its content type
	status   int    // of the deep link
	app      int    // the status of the webapp
	requests atomic.Int32
}

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.requests.Add(1)
	switch {
	case strings.HasPrefix(r.Host, "nginz-https.") && r.URL.Path == "/deeplink.json":
		w.Header().Set("Content-Type", b.kind)
		w.WriteHeader(b.status)
		fmt.Fprint(w, b.link)
	case strings.HasPrefix(r.Host, "webapp.") && r.URL.Path == "/":
		w.Header().Set("Location", "https://elsewhere.example/")
		w.WriteHeader(b.app)
	default:
		http.NotFound(w, r)
	}
}

// serve starts the backend with a certificate and returns what verifies it.
func serve(t *testing.T, a *authority, b http.Handler, pair tls.Certificate) Verify {
	t.Helper()
	server := httptest.NewUnstartedServer(b)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are meant
	server.StartTLS()
	t.Cleanup(server.Close)
	return Verify{Address: server.Listener.Addr().String(), RootCAs: a.pool(), Timeout: 5 * time.Second}
}

func TestVerifyDomain(t *testing.T) {
	const red = "red.example.com"
	a := newAuthority(t)
	hour := time.Now().Add(time.Hour)
	own := a.issue("red", hour, Hosts(red)...)
	stranger := newAuthority(t)
	tests := map[string]struct {
		change func(*backend)
		pair   tls.Certificate
		says   []string // parts of the error; none if all is right
	}{
		"right":                  {func(*backend) {}, own, nil},
		"type with charset":      {func(b *backend) { b.kind = "application/json; charset=utf-8" }, own, nil},
		"another's deep link":    {func(b *backend) { b.link = goodLink("green.example.org") }, own, []string{"backendURL", "teamsURL", "accountsURL"}},
		"one endpoint elsewhere": {func(b *backend) { b.link = strings.Replace(b.link, "teams.red", "teams.green", 1) }, own, []string{"teamsURL"}},
		"a deceptive suffix":     {func(b *backend) { b.link = strings.Replace(b.link, "//teams.red", "//teams.notred", 1) }, own, []string{"teamsURL"}},
		"endpoint missing":       {func(b *backend) { b.link = strings.Replace(b.link, "accountsURL", "other", 1) }, own, []string{"accountsURL"}},
		"not https":              {func(b *backend) { b.link = strings.Replace(b.link, "https://teams", "http://teams", 1) }, own, []string{"teamsURL"}},
		"no deep link":           {func(b *backend) { b.status = 404 }, own, []string{"deeplink.json answers 404"}},
		"empty deep link":        {func(b *backend) { b.link = "{}" }, own, []string{"backendURL"}},
		"no JSON":                {func(b *backend) { b.link = "<html>" }, own, []string{"no deep link"}},
		"wrong type":             {func(b *backend) { b.kind = "text/html" }, own, []string{"not application/json"}},
		"webapp away":            {func(b *backend) { b.app = 503 }, own, []string{"webapp." + red + "/ answers 503"}},
		"webapp redirects":       {func(b *backend) { b.app = 302 }, own, []string{"answers 302"}},
		"both":                   {func(b *backend) { b.app, b.status = 503, 404 }, own, []string{"answers 404", "answers 503"}},
		"fake certificate":       {func(*backend) {}, stranger.issue(fake, hour, "ingress.local"), []string{"the ingress shows its fake certificate"}},
		"unknown authority":      {func(*backend) {}, stranger.issue("red", hour, Hosts(red)...), []string{"unknown authority"}},
		"another's certificate":  {func(*backend) {}, a.issue("green", hour, Hosts("green.example.org")...), []string{"not nginz-https." + red}},
		"expired":                {func(*backend) {}, a.issue("red", time.Now().Add(-time.Hour), Hosts(red)...), []string{"expired"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &backend{link: goodLink(red), kind: "application/json", status: 200, app: 200}
			test.change(b)
			err := serve(t, a, b, test.pair).Domain(t.Context(), red)
			if len(test.says) == 0 {
				if err != nil || b.requests.Load() != 2 {
					t.Errorf("got %v after %d requests", err, b.requests.Load())
				}
				return
			}
			for _, part := range test.says {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("got %v, want it to say %q", err, part)
				}
			}
		})
	}
}

// A certificate that the user brings is trusted for its domain alone, whoever
// signed it.
func TestVerifyOwnCertificate(t *testing.T) {
	const red, blue = "red.example.com", "blue.example.net"
	pair := newAuthority(t).issue("own", time.Now().Add(time.Hour), append(Hosts(red), Hosts(blue)...)...)
	own := Domain{Domain: red, Certificate: files(t, pair)}
	for name, roots := range map[string]*x509.CertPool{"beside the system's": nil, "beside given ones": newAuthority(t).pool()} {
		t.Run(name, func(t *testing.T) {
			v := serve(t, newAuthority(t), &backend{link: goodLink(red), kind: "application/json", status: 200, app: 200}, pair)
			v.RootCAs = roots
			if err := v.Domain(t.Context(), red); err == nil || !strings.Contains(err.Error(), "unknown authority") {
				t.Errorf("before it is known: got %v", err)
			}
			v.Extra = []Domain{{Domain: blue}, own}
			if err := v.Domain(t.Context(), red); err != nil {
				t.Errorf("got %v", err)
			}
			if err := v.Domain(t.Context(), blue); err == nil || !strings.Contains(err.Error(), "unknown authority") {
				t.Errorf("another domain: got %v", err)
			}
		})
	}
	v := Verify{Address: "127.0.0.1:1", Extra: []Domain{{Domain: red, Certificate: Certificate{Cert: "/nowhere", Key: "/nowhere"}}}}
	if err := v.Domain(t.Context(), red); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is gone: got %v", err)
	}
}

func TestVerifyNobodyThere(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	plan, err := Verify{Address: address}.Plan(t.Context(), []string{"red.example.com", "blue.example.net"})
	if err != nil {
		t.Fatal(err)
	}
	if len(plan) != 2 || plan[0].Verb != change.Wait || plan[1].Subject != "domain blue.example.net" {
		t.Fatalf("got %v", plan)
	}
	if !strings.Contains(plan[0].Reason, "connection refused") || strings.Contains(plan[0].Reason, "\n") {
		t.Errorf("got reason %q", plan[0].Reason)
	}
}

func TestVerifyPlanWaitsUntilRight(t *testing.T) {
	const red = "red.example.com"
	a := newAuthority(t)
	b := &backend{link: goodLink(red), kind: "application/json", status: 200, app: 200}
	var up atomic.Bool
	v := serve(t, a, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !up.Load() {
			http.NotFound(w, r)
			return
		}
		b.ServeHTTP(w, r)
	}), a.issue("red", time.Now().Add(time.Hour), Hosts(red)...))
	plan, err := v.Plan(t.Context(), []string{red})
	if err != nil || len(plan) != 1 {
		t.Fatalf("got %v, %v", plan, err)
	}
	time.AfterFunc(300*time.Millisecond, func() { up.Store(true) })
	if err := plan[0].Apply(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if plan, err := v.Plan(t.Context(), []string{red}); err != nil || len(plan) != 0 {
		t.Errorf("planned again: %v, %v", plan, err)
	}
}

func TestVerifyEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stopped by the test")
	cancel(stop)
	v := Verify{Address: "127.0.0.1:1"}
	if _, err := v.Plan(ctx, []string{"red.example.com"}); !errors.Is(err, stop) {
		t.Errorf("plan: got %v", err)
	}
	if err := v.waiting("red.example.com", stop).Apply(ctx, nil); !errors.Is(err, stop) {
		t.Errorf("apply: got %v", err)
	}
}
