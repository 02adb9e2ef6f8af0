package ingress

// site is one domain of the backend as it should look from outside.
type site struct {
	domain string
	sft    string // the host of conference calls; empty if there is none
}

// site is one of the set's.
func (s Set) site(domain string) site { return site{domain: domain, sft: s.SFT} }
