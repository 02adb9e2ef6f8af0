package provision

import (
	"testing"

	"wiabctl/ingress"
)

func TestProblemsOf(t *testing.T) {
	const absent = "there is no such name (NXDOMAIN); it has to lead to 203.0.113.10"
	for _, tc := range []struct {
		name     string
		findings []ingress.Finding
		want     string
	}{
		{"nothing", []ingress.Finding{{Check: "delegation"}, {Check: "wildcard", Notes: []string{"any name leads there"}}}, ""},
		{"one", []ingress.Finding{{Check: "delegation"}, {Check: "webapp.red.example.com", Problem: "it leads to 192.0.2.1, not to 203.0.113.10"}},
			"red.example.com is not right in DNS: webapp.red.example.com: it leads to 192.0.2.1, not to 203.0.113.10"},
		{"many of one sort", []ingress.Finding{{Check: "a", Problem: absent}, {Check: "b", Problem: absent}, {Check: "c", Problem: absent}, {Check: "d", Problem: absent}, {Check: "e", Problem: absent}},
			"red.example.com is not right in DNS: a, b, c, 2 more: " + absent},
		{"two sorts, one of two lines", []ingress.Finding{{Check: "a", Problem: absent}, {Check: "CAA", Problem: "no\nanswer"}, {Check: "b", Problem: absent}},
			"red.example.com is not right in DNS: a, b: " + absent + "; CAA: no; answer"},
	} {
		if got := problemsOf(Verification{Domain: "red.example.com", Findings: tc.findings}); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}
