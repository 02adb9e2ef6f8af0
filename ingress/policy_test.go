package ingress

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheckPolicies(t *testing.T) {
	tests := map[string]struct {
		sft   string
		csp   Policy
		paths []string
	}{
		"the webapp knows the host":  {"sftd.green.example.org", ByWebapp, nil},
		"the ingress does not":       {"sftd.green.example.org", ByIngress, []string{"domains[0].csp"}},
		"nor where Wire serves them": {"sft.example.com", ByIngress, []string{"domains[0].csp"}},
		"no such calls":              {"", ByIngress, nil},
		"the host is the domain's":   {"sftd.green.red.example.com", ByIngress, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := threeDomains()
			s.Domains[0].CSP = test.csp
			if diff := cmp.Diff(test.paths, invalid(s.CheckPolicies(test.sft))); diff != "" {
				t.Error(diff)
			}
		})
	}
}
