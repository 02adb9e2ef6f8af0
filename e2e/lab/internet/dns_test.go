package main

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"wiabctl/e2e/lab/names"
)

func TestReply(t *testing.T) {
	for _, c := range []struct {
		name  string
		query string
		kind  uint16
		code  int
		want  string // the address, "" for none
	}{
		{"the artifact's server", "artifacts.example.net.", dns.TypeA, dns.RcodeSuccess, "203.0.113.1"},
		{"the certificate authority", "acme-v02.api.letsencrypt.org.", dns.TypeA, dns.RcodeSuccess, "203.0.113.1"},
		{"its staging", "acme-staging-v02.api.letsencrypt.org.", dns.TypeA, dns.RcodeSuccess, "203.0.113.1"},
		{"its neighbour", "www.letsencrypt.org.", dns.TypeA, dns.RcodeNameError, ""},
		{"capital letters", "Artifacts.Example.NET.", dns.TypeA, dns.RcodeSuccess, "203.0.113.1"},
		{"a Wire domain", "nginz-https.green.example.org.", dns.TypeA, dns.RcodeSuccess, "203.0.113.10"},
		{"an apex", "example.com.", dns.TypeA, dns.RcodeSuccess, "203.0.113.10"},
		{"no IPv6 address", "webapp.red.example.com.", dns.TypeAAAA, dns.RcodeSuccess, ""},
		{"a foreign name", "wire.com.", dns.TypeA, dns.RcodeNameError, ""},
		{"only the letters alike", "notexample.org.", dns.TypeA, dns.RcodeNameError, ""},
		{"the root", ".", dns.TypeNS, dns.RcodeNameError, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := reply(new(dns.Msg).SetQuestion(c.query, c.kind), names.Differences{})
			if r.Rcode != c.code {
				t.Errorf("code %s, want %s", dns.RcodeToString[r.Rcode], dns.RcodeToString[c.code])
			}
			var got string
			if len(r.Answer) == 1 {
				got = r.Answer[0].(*dns.A).A.String()
			}
			if got != c.want || len(r.Answer) > 1 {
				t.Errorf("answer %v, want %q", r.Answer, c.want)
			}
		})
	}
}

func TestReplyRefusesTwoQuestions(t *testing.T) {
	q := new(dns.Msg).SetQuestion("a.example.org.", dns.TypeA)
	q.Question = append(q.Question, q.Question[0])
	if r := reply(q, names.Differences{}); r.Rcode != dns.RcodeFormatError || len(r.Answer) != 0 {
		t.Errorf("got %s with %d answers, want FORMERR and none", dns.RcodeToString[r.Rcode], len(r.Answer))
	}
}

// A real server on a real socket answers as reply does.
func TestNameServers(t *testing.T) {
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := nameServers("", nameServer{filepath.Join(t.TempDir(), "none")})[0]
	s.PacketConn = packets
	go func() { _ = s.ActivateAndServe() }()
	t.Cleanup(func() { _ = s.Shutdown() })

	r, err := dns.Exchange(new(dns.Msg).SetQuestion("red.example.com.", dns.TypeA), packets.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Answer) != 1 || !r.Answer[0].(*dns.A).A.Equal(kvmHost) {
		t.Errorf("answer %v, want %s", r.Answer, kvmHost)
	}
}

// What a scenario says takes the place of the zone.
func TestDifferences(t *testing.T) {
	different := names.Differences{
		Records: []string{"webapp.pink.example.org. 5 IN AAAA 2001:db8::1", "alias.example.org. 5 IN CNAME assets.example.org.",
			"away.example.org. 5 IN NS ns.away.example.org.", "ns.away.example.org. 5 IN A 127.0.0.1", "*.low.example.org. 5 IN A 192.0.2.7"},
		Gone: []string{"gone.example.org."}, Failing: []string{"bad.example.org."},
	}
	for name, test := range map[string]struct {
		query   string
		kind    uint16
		resolve bool
		code    int
		says    string // the answer's records and those of the authority
	}{
		"another type":      {"webapp.pink.example.org.", dns.TypeAAAA, true, dns.RcodeSuccess, "2001:db8::1"},
		"only what is said": {"webapp.pink.example.org.", dns.TypeA, true, dns.RcodeSuccess, ""},
		"an alias":          {"alias.example.org.", dns.TypeA, true, dns.RcodeSuccess, "assets.example.org. 203.0.113.10"},
		"a wildcard":        {"any.low.example.org.", dns.TypeA, true, dns.RcodeSuccess, "192.0.2.7"},
		"below a wildcard":  {"any.any.low.example.org.", dns.TypeA, true, dns.RcodeSuccess, "203.0.113.10"},
		"gone":              {"Gone.example.org.", dns.TypeA, true, dns.RcodeNameError, ""},
		"failing":           {"webapp.bad.example.org.", dns.TypeA, true, dns.RcodeServerFailure, ""},
		"delegated":         {"webapp.away.example.org.", dns.TypeA, false, dns.RcodeSuccess, "ns.away.example.org."},
		"nobody in charge":  {"webapp.away.example.org.", dns.TypeA, true, dns.RcodeServerFailure, ""},
		"its own zone":      {"example.org.", dns.TypeNS, true, dns.RcodeSuccess, ours},
	} {
		t.Run(name, func(t *testing.T) {
			query := new(dns.Msg).SetQuestion(test.query, test.kind)
			query.RecursionDesired = test.resolve
			r := reply(query, different)
			var says []string
			for _, rr := range append(r.Answer, r.Ns...) {
				fields := strings.Fields(rr.String())
				says = append(says, fields[len(fields)-1])
			}
			if r.Rcode != test.code || strings.Join(says, " ") != test.says {
				t.Errorf("%s %v", dns.RcodeToString[r.Rcode], says)
			}
		})
	}
}
