package main

import (
	"net"
	"testing"

	"github.com/miekg/dns"
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
			r := zone("").reply(new(dns.Msg).SetQuestion(c.query, c.kind))
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
	if r := zone("").reply(q); r.Rcode != dns.RcodeFormatError || len(r.Answer) != 0 {
		t.Errorf("got %s with %d answers, want FORMERR and none", dns.RcodeToString[r.Rcode], len(r.Answer))
	}
}

// A real server on a real socket answers as reply does.
func TestNameServers(t *testing.T) {
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := nameServers("", "")[0]
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
