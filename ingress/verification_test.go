package ingress

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What keeps a client from a host is told once for all hosts, by the part of the way that is broken.
func TestWays(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	refused := errors.New("connection refused")
	untrusted := &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	nowhere := &net.DNSError{Err: "no such host", Name: "assets.red.example.com"}
	host := func(name string, err error, until time.Time) Answer {
		return Answer{URL: "https://" + name + ".red.example.com/", Err: err, Until: until}
	}
	for name, test := range map[string]struct {
		got  answers
		want []Finding
	}{
		"all is well": {answers{"a": host("teams", nil, now.Add(15*24*time.Hour))},
			[]Finding{{Check: "dns"}, {Check: "connection"}, {Check: "certificate"}}},
		"the soonest end counts": {answers{"a": host("teams", nil, now.Add(9*24*time.Hour)), "b": host("webapp", nil, now.Add(30*24*time.Hour))},
			[]Finding{{Check: "dns"}, {Check: "connection"}, {Check: "certificate", Notes: []string{"it ends at 2026-01-10 00:00:00 UTC, in 9 days"}}}},
		"one host": {answers{"a": host("teams", refused, time.Time{})},
			[]Finding{{Check: "dns"}, {Check: "connection", Problem: "teams.red.example.com: connection refused"}, {Check: "certificate"}}},
		"each in its own way": {answers{"a": host("webapp", refused, time.Time{}), "b": host("teams", refused, time.Time{}), "s": {URL: "https://xftd.green.example.org/", Err: refused}, "c": host("assets", nowhere, time.Time{}), "d": host("account", untrusted, time.Time{})},
			[]Finding{{Check: "dns", Problem: "assets.red.example.com: lookup assets.red.example.com: no such host"},
				{Check: "connection", Problem: "teams.red.example.com: connection refused (and webapp, xftd.green.example.org)"},
				{Check: "certificate", Problem: "account.red.example.com: tls: failed to verify certificate: x509: certificate signed by unknown authority"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, ways(test.got, now)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// An answer that did not come is judged by nobody: what is wrong is told once.
func TestJudgeLeavesOut(t *testing.T) {
	got := answers{"webapp": {URL: "https://webapp.red.example.com/", Err: errors.New("connection refused")}}
	findings := greenAndRed.judge("red.example.com", fixed, got, time.Now())
	var said []string
	for _, f := range findings {
		said = append(said, f.Check)
	}
	if strings.Join(said, " ") != "dns connection certificate leaks" {
		t.Errorf("findings %v", said)
	}
}
