package ingress

import "slices"

// site is one domain of the backend as it should look from outside.
type site struct {
	domain string
	hosts  []string // that it serves
	sft    string   // the host of conference calls, with its port if it is not 443; empty if there is none
	ours   bool     // whether that host is the installation's own
}

// site is one of the set's; of a domain that is not in the set, all six hosts are asked for.
func (s Set) site(domain string) site {
	found := site{domain: domain, hosts: Hosts(domain), sft: s.SFT, ours: s.SFT != "" && s.Calls == nil}
	if d, ok := s.declared(domain); ok {
		found.hosts = d.Hosts()
	}
	return found
}

// Addresses are where a domain of the set is found: its web app, if it serves one, and the deep link to its API.
func (s Set) Addresses(domain string) []string {
	deeplink := "https://" + api(domain) + "/deeplink.json"
	if d, ok := s.declared(domain); ok && !d.Serves(Webapp) {
		return []string{deeplink}
	}
	return []string{"https://webapp." + domain + "/", deeplink}
}

// declared is the extra domain of that name.
func (s Set) declared(domain string) (Domain, bool) {
	at := slices.IndexFunc(s.Extra, func(d Domain) bool { return d.Domain == domain })
	if at < 0 {
		return Domain{}, false
	}
	return s.Extra[at], true
}
