package ingress

import (
	"errors"
	"fmt"

	"wiabctl/provision/change"
)

// Policy tells who sends the content security policy of a domain's pages, by which
// browsers know what hosts they may talk to.
type Policy string

// Who may send it.
const (
	// ByWebapp is the webapp itself, with the domain of the request and the host of
	// conference calls.
	ByWebapp Policy = "webapp"
	// ByIngress is ingress-nginx (renderCSPInIngress), with a fixed list that holds
	// the domain's own hosts only (contract section 15.2).
	ByIngress Policy = "ingress"
)

func (p Policy) validate(path string) error {
	if p != ByWebapp && p != ByIngress {
		return change.Invalidf(path, "%q is neither %s nor %s", p, ByWebapp, ByIngress)
	}
	return nil
}

// CheckPolicies reports the domains whose policy would keep browsers from the host of
// conference calls: those where the ingress sends it, unless that host lies below the
// domain. sft is empty where there are no such calls.
func (s *Spec) CheckPolicies(sft string) error {
	var errs []error
	for i, d := range s.Domains {
		if sft != "" && d.CSP == ByIngress && !below(sft, d.Domain) {
			errs = append(errs, change.Invalidf(fmt.Sprintf("domains[%d].csp", i),
				"the ingress's policy does not let browsers connect to %s, and so forbids conference calls on %s: leave csp out, or have no calls of your own", sft, d.Domain))
		}
	}
	return errors.Join(errs...)
}
