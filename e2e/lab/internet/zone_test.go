package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/miekg/dns"
)

func TestZone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "zone")
	records := "*.red.example.com. A 203.0.113.20\nteams.red.example.com. AAAA 2001:db8::1\nteams.red.example.com. A 203.0.113.21\n"
	if err := os.WriteFile(file, []byte(records), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, query string
		kind        uint16
		want        string // "" for none
	}{
		{"by the wildcard", "Webapp.red.example.com.", dns.TypeA, "203.0.113.20"},
		{"its own record", "teams.red.example.com.", dns.TypeA, "203.0.113.21"},
		{"another type", "teams.red.example.com.", dns.TypeAAAA, "2001:db8::1"},
		{"no record of the type", "webapp.red.example.com.", dns.TypeAAAA, ""},
		{"further down", "a.webapp.red.example.com.", dns.TypeA, "203.0.113.10"},
		{"the wildcard's parent", "red.example.com.", dns.TypeA, "203.0.113.10"},
		{"another domain", "webapp.blue.example.net.", dns.TypeA, "203.0.113.10"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			r := zone(file).reply(new(dns.Msg).SetQuestion(c.query, c.kind))
			if len(r.Answer) == 1 {
				got = dns.Field(r.Answer[0], 1)
				if r.Answer[0].Header().Name != c.query {
					t.Errorf("the answer is about %s", r.Answer[0].Header().Name)
				}
			}
			if got != c.want || len(r.Answer) > 1 || r.Rcode != dns.RcodeSuccess {
				t.Errorf("%s: %v, want %q", dns.RcodeToString[r.Rcode], r.Answer, c.want)
			}
		})
	}
	if err := os.WriteFile(file, []byte("what is this\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := zone(file).reply(new(dns.Msg).SetQuestion("webapp.red.example.com.", dns.TypeA)); r.Rcode != dns.RcodeServerFailure {
		t.Errorf("a zone that cannot be read: %s", dns.RcodeToString[r.Rcode])
	}
}
