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
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wiabctl/provision/change"
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

func TestVerifyDomain(t *testing.T) {
	const red = "red.example.com"
	a := newAuthority(t)
	later := time.Now().Add(90 * 24 * time.Hour)
	names := Hosts(red)
	own := a.issue("", later, names...)
	stranger := newAuthority(t)
	link := func(old, replacement string) http.HandlerFunc {
		return page(200, strings.Replace(goodLink("DOMAIN"), old, replacement, 1), kind, asJSON)
	}
	tests := map[string]struct {
		at     string // whose answer is replaced
		answer http.HandlerFunc
		pair   tls.Certificate // own if it is empty
		check  string          // what finds it; nothing if all is right
		says   []string        // parts of the problem
	}{
		"right":                      {},
		"type with charset":          {at: "nginz-https/deeplink.json", answer: page(200, goodLink("DOMAIN"), kind, "application/json; charset=utf-8")},
		"another's deep link":        {"nginz-https/deeplink.json", page(200, goodLink("green.example.org"), kind, asJSON), own, "deeplink", []string{"backendURL", "teamsURL", "accountsURL"}},
		"one endpoint elsewhere":     {"nginz-https/deeplink.json", link("teams.DOMAIN", "teams.green.example.org"), own, "deeplink", []string{"teamsURL"}},
		"a deceptive suffix":         {"nginz-https/deeplink.json", link("//teams.DOMAIN", "//teams.notDOMAIN"), own, "deeplink", []string{"teamsURL"}},
		"endpoint missing":           {"nginz-https/deeplink.json", link("accountsURL", "other"), own, "deeplink", []string{"accountsURL"}},
		"not https":                  {"nginz-https/deeplink.json", link("https://teams", "http://teams"), own, "deeplink", []string{"teamsURL"}},
		"no deep link":               {"nginz-https/deeplink.json", page(404, ""), own, "deeplink", []string{"deeplink.json answers 404"}},
		"empty deep link":            {"nginz-https/deeplink.json", page(200, "{}", kind, asJSON), own, "deeplink", []string{"backendURL"}},
		"no JSON":                    {"nginz-https/deeplink.json", page(200, "<html>", kind, asJSON), own, "deeplink", []string{"something else"}},
		"wrong type":                 {"nginz-https/deeplink.json", page(200, goodLink("DOMAIN"), kind, "text/html"), own, "deeplink", []string{"not application/json"}},
		"API down":                   {"nginz-https/status", page(503, ""), own, "status", []string{"/status answers 503"}},
		"brig down":                  {"nginz-https/api-version", page(502, ""), own, "api-version", []string{"answers 502"}},
		"no versions":                {"nginz-https/api-version", page(200, `{"supported": []}`, kind, asJSON), own, "api-version", []string{"no supported version"}},
		"internal API open":          {"nginz-https/i/status", page(200, ""), own, "internal", []string{"the internal API is open"}},
		"internal API asked to move": {"nginz-https/i/status", page(308, ""), own, "internal", []string{"answers 308"}},
		"origin not allowed":         {"nginz-https/access", page(204, "", "Access-Control-Allow-Credentials", "true"), own, "cors", []string{"does not allow https://webapp.red.example.com", `""`}},
		"another origin allowed":     {"nginz-https/access", page(204, "", allow, "https://webapp.evil.example", "Access-Control-Allow-Credentials", "true"), own, "cors", []string{"evil"}},
		"no cookies":                 {"nginz-https/access", page(204, "", allow, "https://webapp.DOMAIN"), own, "cors", []string{"allows no cookies"}},
		"preflight refused":          {"nginz-https/access", page(405, ""), own, "cors", []string{"OPTIONS", "405"}},
		"a WebSocket that is taken":  {at: "nginz-ssl/await", answer: page(101, "")},
		"WebSockets lead nowhere":    {"nginz-ssl/await", page(404, ""), own, "websocket", []string{"with 404"}},
		"cannon down":                {"nginz-ssl/await", page(502, ""), own, "websocket", []string{"with 502"}},
		"MinIO down":                 {"assets/", page(503, ""), own, "assets", []string{"503, not as MinIO does"}},
		"somebody else forbids":      {"assets/", page(403, "nginx"), own, "assets", []string{"not as MinIO does"}},
		"webapp away":                {"webapp/", page(503, ""), own, "webapp", []string{"webapp." + red + "/ answers 503"}},
		"webapp redirects":           {"webapp/", page(302, "", "Location", "https://elsewhere.example/"), own, "webapp", []string{"answers 302"}},
		"webapp of another":          {"webapp/config.js", page(200, `window.wire.env = {"BACKEND_REST": "https://nginz-https.elsewhere.example", "BACKEND_WS": "wss://nginz-ssl.DOMAIN"}`), own, "configuration", []string{"BACKEND_REST", "elsewhere"}},
		"WebSockets of another":      {"webapp/config.js", page(200, `window.wire.env = {"BACKEND_REST": "https://nginz-https.DOMAIN", "BACKEND_WS": "wss://nginz-ssl.[[hostname]]"}`), own, "configuration", []string{"BACKEND_WS", "[[hostname]]"}},
		"no configuration":           {"webapp/config.js", page(200, `window.wire.env = wire`), own, "configuration", []string{"no configuration"}},
		"no policy":                  {"webapp/", page(200, ""), own, "csp", []string{"no content security policy"}},
		"policy without SFT":         {"webapp/", page(200, "", policyHeader, "connect-src https://*.DOMAIN wss://*.DOMAIN"), own, "csp", []string{"https://sftd.green.example.org", "wss://sftd.green.example.org"}},
		"a second, strict policy":    {"webapp/", page(200, "", policyHeader, csp, policyHeader, "connect-src 'none'"), own, "csp", []string{"nginz-https." + red}},
		"no team settings":           {"teams/", page(404, ""), own, "teams", []string{"404"}},
		"no account pages":           {"account/", page(503, ""), own, "account", []string{"503"}},
		"calls not allowed":          {"sftd/sft/url", page(200, "", allow, "https://webapp.green.example.org"), own, "sft", []string{"does not allow https://webapp." + red}},
		"a leak":                     {"teams/", page(200, "see webapp.blue.example.net"), own, "leaks", []string{"the body of https://teams." + red + "/ names webapp.blue.example.net"}},
		"a name beside the names":    {"", nil, a.issue("webapp.blue.example.net", later, names...), "leaks", []string{"the certificate of webapp." + red + " names webapp.blue.example.net"}},
		"fake certificate":           {"", nil, stranger.issue(fake, later, "ingress.local"), "certificate", []string{"account." + red, "fake certificate", "(and assets." + red}},
		"unknown authority":          {"", nil, stranger.issue("", later, names...), "certificate", []string{"unknown authority"}},
		"another's certificate":      {"", nil, a.issue("", later, Hosts("pink.example.org")...), "certificate", []string{"not account." + red}},
		"one name is missing":        {"", nil, a.issue("", later, names[1:]...), "certificate", []string{"nginz-https." + red + ": "}},
		"expired":                    {"", nil, a.issue("", time.Now().Add(-time.Hour), names...), "certificate", []string{"expired"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBackend()
			if test.answer != nil {
				b.answer[test.at] = test.answer
			}
			if test.pair.Leaf == nil {
				test.pair = own
			}
			seen, err := serve(t, a, b, test.pair).Domain(t.Context(), red)
			if err != nil {
				t.Fatal(err)
			}
			var wrong []string
			for _, f := range seen.Findings {
				if f.Problem != "" {
					wrong = append(wrong, f.Check)
				}
				for _, part := range test.says {
					if f.Check == test.check && !strings.Contains(f.Problem, part) {
						t.Errorf("%s is %q, want it to say %q", f.Check, f.Problem, part)
					}
				}
			}
			// One to each host, also where there is no way to it; a busy machine may give one up (net/http, maxWriteWaitBeforeConnReuse).
			if n := b.connections.Load(); n < 7 || n > 9 {
				t.Errorf("%d connections", n)
			}
			if test.check == "" {
				if err := seen.Err(); err != nil || b.requests.Load() != 12 {
					t.Errorf("got %v after %d requests", err, b.requests.Load())
				}
			} else if !slices.Contains(wrong, test.check) {
				t.Errorf("%v is wrong, want %s", wrong, test.check)
			}
		})
	}
}

// A certificate that the user brings is trusted for its domain alone, whoever
// signed it.
func TestVerifyOwnCertificate(t *testing.T) {
	const red, blue = "red.example.com", "blue.example.net"
	pair := newAuthority(t).issue("own", time.Now().Add(time.Hour), append(Hosts(red), Hosts(blue)...)...)
	own := Domain{Domain: red, Apps: apps, Certificate: files(t, pair)}
	for name, roots := range map[string]*x509.CertPool{"beside the system's": nil, "beside given ones": newAuthority(t).pool()} {
		t.Run(name, func(t *testing.T) {
			v := serve(t, newAuthority(t), newBackend(), pair)
			v.RootCAs, v.Set.SFT = roots, ""
			trusted := func(domain string) bool {
				seen, err := v.Domain(t.Context(), domain)
				return err == nil && !strings.Contains(fmt.Sprint(seen.Err()), "unknown authority")
			}
			if trusted(red) {
				t.Error("trusted before it is known")
			}
			v.Set.Extra = []Domain{{Domain: blue, Apps: apps}, own}
			if !trusted(red) {
				t.Error("not trusted")
			}
			if trusted(blue) {
				t.Error("trusted for another domain")
			}
		})
	}
	v := Verify{Address: "127.0.0.1:1", Set: Set{Extra: []Domain{{Domain: red, Certificate: Certificate{Cert: "/nowhere", Key: "/nowhere"}}}}}
	if _, err := v.Domain(t.Context(), red); !errors.Is(err, fs.ErrNotExist) {
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
	b := newBackend()
	var up atomic.Bool
	v := serve(t, a, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !up.Load() {
			http.NotFound(w, r)
			return
		}
		b.ServeHTTP(w, r)
	}), a.issue("", time.Now().Add(time.Hour), Hosts(red)...))
	plan, err := v.Plan(t.Context(), []string{red})
	if err != nil || len(plan) != 1 {
		t.Fatalf("got %v, %v", plan, err)
	}
	time.AfterFunc(300*time.Millisecond, func() { up.Store(true) })
	soon, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := plan[0].Apply(soon, nil); err != nil {
		t.Fatal(err)
	}
	if plan, err := v.Plan(t.Context(), []string{red}); err != nil || len(plan) != 0 {
		t.Errorf("planned again: %v, %v", plan, err)
	}
}

// A plan asks the same over two connections: the domain's, and that to the conference server.
func TestVerifyPlanShares(t *testing.T) {
	const red = "red.example.com"
	a, b := newAuthority(t), newBackend()
	plan, err := serve(t, a, b, a.issue("", time.Now().Add(time.Hour), Hosts(red)...)).Plan(t.Context(), []string{red})
	if err != nil || len(plan) != 0 || b.requests.Load() != 12 || b.connections.Load() != 2 {
		t.Errorf("%v, %v after %d requests over %d connections", plan, err, b.requests.Load(), b.connections.Load())
	}
	// And sees that the certificate is for each of the names.
	plan, err = serve(t, a, newBackend(), a.issue("", time.Now().Add(time.Hour), Hosts(red)[:5]...)).Plan(t.Context(), []string{red})
	if err != nil || len(plan) != 1 || !strings.Contains(plan[0].Reason, "certificate: account."+red+": ") {
		t.Errorf("a name is missing: %v, %v", plan, err)
	}
}

// The conference server is the same for all domains, and so are the connections to it.
func TestVerifyPlanSharesTheConferenceServer(t *testing.T) {
	a, b := newAuthority(t), newBackend()
	var domains []string
	var extra []Domain
	var pairs []tls.Certificate
	for n := range 6 * together {
		domain := fmt.Sprintf("d%d.example.com", n)
		domains, extra = append(domains, domain), append(extra, Domain{Domain: domain, Apps: apps})
		pairs = append(pairs, a.issue("", time.Now().Add(time.Hour), Hosts(domain)...))
	}
	v := serve(t, a, b, pairs...)
	v.Set.Extra = extra
	plan, err := v.Plan(t.Context(), domains)
	if err != nil || len(plan) != 0 || int(b.requests.Load()) != 12*len(domains) {
		t.Errorf("%v, %v after %d requests", plan, err, b.requests.Load())
	}
	// A busy machine may give some up (net/http, maxWriteWaitBeforeConnReuse).
	if most := len(domains) + 3*together/2; int(b.connections.Load()) > most {
		t.Errorf("%d connections, want %d at most", b.connections.Load(), most)
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

// Nobody trusts the staging server: its certificates are looked at for name and time alone.
func TestVerifyStaging(t *testing.T) {
	const red = "red.example.com"
	a, later := newAuthority(t), time.Now().Add(time.Hour)
	for name, test := range map[string]struct {
		pair tls.Certificate
		says string
	}{
		"its own": {a.issue("", later, Hosts(red)...), ""},
		"another": {a.issue("", later, Hosts("pink.example.org")...), "not account." + red},
		"expired": {a.issue("", time.Now().Add(-time.Hour), Hosts(red)...), "expired"},
		"fake":    {a.issue(fake, later, "ingress.local"), "fake certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			v := serve(t, newAuthority(t), newBackend(), test.pair)
			v.Set.Extra = []Domain{{Domain: red, Apps: apps, Certificate: Certificate{Staging: true}}}
			seen, err := v.Domain(t.Context(), red)
			if err != nil {
				t.Fatal(err)
			}
			if wrong := seen.Err(); (wrong == nil) != (test.says == "") || !strings.Contains(fmt.Sprint(wrong), test.says) {
				t.Errorf("got %v, want it to say %q", wrong, test.says)
			}
		})
	}
}

// What a domain does not serve is not asked for.
func TestVerifyApps(t *testing.T) {
	const red = "red.example.com"
	b := newBackend()
	b.answer["webapp/"], b.answer["teams/"] = page(500, ""), page(500, "")
	a := newAuthority(t)
	v := serve(t, a, b, a.issue("", time.Now().Add(time.Hour), Hosts(red)...))
	v.Set.Extra = []Domain{{Domain: red, Apps: []App{Account}}}
	seen, err := v.Domain(t.Context(), red)
	if err := errors.Join(err, seen.Err()); err != nil || b.requests.Load() != 9 {
		t.Errorf("got %v after %d requests", err, b.requests.Load())
	}
}

// BenchmarkVerify asks for a hundred domains, each with a certificate of its own of the kind that
// cert-manager orders: 700 handshakes and 1200 requests, with the server's part in it.
func BenchmarkVerify(b *testing.B) {
	const many = 100
	a := newAuthority(b)
	set := Set{Default: "green.example.org", SFT: "sftd.green.example.org"}
	pairs := map[string]*tls.Certificate{}
	var names []string
	for i := range many {
		d := Domain{Domain: fmt.Sprintf("d%d.example.com", i), Apps: apps}
		set.Extra, names = append(set.Extra, d), append(names, d.Domain)
		pair := a.issue("", time.Now().Add(time.Hour), Hosts(d.Domain)...)
		pairs[d.Domain] = &pair
	}
	sftd := a.issue("", time.Now().Add(time.Hour), set.SFT)
	pairs[set.Default] = &sftd
	server := httptest.NewUnstartedServer(newBackend())
	server.TLS = &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		_, domain, _ := strings.Cut(hello.ServerName, ".")
		return pairs[domain], nil
	}}
	server.StartTLS()
	b.Cleanup(server.Close)
	v := Verify{Set: set, Fixed: fixed, Address: server.Listener.Addr().String(), RootCAs: a.pool()}
	for b.Loop() {
		all, err := v.Domains(b.Context(), names)
		if err != nil {
			b.Fatal(err)
		}
		for _, seen := range all {
			if err := seen.Err(); err != nil {
				b.Fatalf("%s: %v", seen.Domain, err)
			}
		}
	}
	if each := b.Elapsed() / time.Duration(b.N); each > 10*time.Second {
		b.Errorf("%d domains took %s, ten seconds are allowed", many, each)
	}
}
