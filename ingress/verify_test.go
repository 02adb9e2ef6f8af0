package ingress

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

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
		"fake certificate":           {"", nil, stranger.issue(fake, later, "ingress.local"), "certificate", []string{"account." + red, "fake certificate: the domain's own is not issued, or its Secret is missing (and assets, nginz-https, nginz-ssl, teams, webapp)"}},
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
