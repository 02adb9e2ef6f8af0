package ingress

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestFrontCheck checks proxies that are right, and wrong in one way each.
func TestFrontCheck(t *testing.T) {
	const theirs = "\thttp-request del-header X-Forwarded- -m beg\n"
	for _, tc := range []struct {
		name    string
		changed []string
		want    []string // the checks that find something, in order
		says    string
	}{
		{"right", nil, nil, ""},
		{"all hosts", []string{"http-request deny deny_status 403 unless ours\n", "\n"},
			[]string{"another domain is refused", "another domain is refused over HTTP"}, "a request for nginz-https.green.example.org is answered 503 Service Unavailable, not 403"},
		{"503 for other hosts, as the how-to", []string{"deny_status 403 unless ours", "deny_status 503 unless ours"},
			[]string{"another domain is refused", "another domain is refused over HTTP"}, "answered 503 Service Unavailable, not 403"},
		{"no ports, no capital letters", []string{"req.hdr(host),field(1,:),lower", "req.hdr(host)"},
			[]string{"a Host in capital letters is served", "a Host with its port is served"}, "answers 403 Forbidden"},
		{"what clients say of hosts", []string{theirs, "", "\thttp-request set-header X-Forwarded-Host %[var(txn.host)]\n", ""},
			[]string{"a forwarded host counts nothing"}, "they differ"},
		{"pages of all domains", []string{"\thttp-request del-header Origin unless", "\thttp-request del-header X-Nothing unless"},
			[]string{"pages of another domain are strangers"}, "is told that https://webapp.green.example.org may read its answers"},
		{"old clients", []string{"ssl-default-bind-options ssl-min-ver TLSv1.2", "ssl-default-bind-options ssl-min-ver TLSv1.0", "ECDHE+AESGCM:ECDHE+CHACHA20", "ALL:@SECLEVEL=0"},
			[]string{"TLS older than 1.2 is refused"}, "a client with TLS 1.1 is let in"},
		{"HTTP/2 for WebSockets", []string{"[alpn http/1.1]", "[alpn h2,http/1.1]"},
			[]string{"WebSockets get through"}, "nginz-ssl.red.example.com offers HTTP/2"},
		{"no redirect", []string{"http-request redirect scheme https code 308 unless challenge", "http-request return status 200 unless challenge"},
			[]string{"HTTP is redirected"}, `it is answered 200 OK to ""`},
		{"a redirect without the path", []string{"redirect scheme https code 308", "redirect location https://nginz-https.red.example.com/ code 308"},
			[]string{"HTTP is redirected"}, `308 Permanent Redirect to "https://nginz-https.red.example.com/"`},
		{"challenges are redirected", []string{"code 308 unless challenge", "code 308"},
			[]string{"challenges get through to the backend"}, "its certificate could not be renewed"},
		{"a name without a certificate", []string{" teams.red.example.com account", " account"},
			[]string{"certificate of each name"}, "teams.red.example.com: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			problems, err := startFront(t, tc.changed...).checked(t)
			if got := slices.Sorted(maps.Keys(problems)); !slices.Equal(got, tc.want) {
				t.Fatalf("found %v, want %v", problems, tc.want)
			}
			if len(tc.want) > 0 && (!strings.Contains(problems[tc.want[0]], tc.says) || !errors.Is(err, ProxyWrong.Failf(""))) {
				t.Errorf("found %v (%v), want %q", problems, err, tc.says)
			}
			if len(tc.want) == 0 && err != nil {
				t.Error(err)
			}
		})
	}
}

// TestFrontCheckNobody asks where nobody listens.
func TestFrontCheckNobody(t *testing.T) {
	at := freePort(t)
	findings, err := FrontCheck{Front: redFront(), HTTPS: at, HTTP: at, OriginHTTPS: at, OriginHTTP: at, Foreign: "green.example.org"}.Run(t.Context())
	if !errors.Is(err, ProxyWrong.Failf("")) {
		t.Errorf("error %v", err)
	}
	for _, found := range findings {
		if !strings.Contains(found.Problem, "connection refused") {
			t.Errorf("%s: %q", found.Check, found.Problem)
		}
	}
}
