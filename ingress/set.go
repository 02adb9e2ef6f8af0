package ingress

import "net/netip"

// Values are the values of a helm release, or a layer of them. A nil in them
// takes a key away from the layers below.
type Values = map[string]any

// Set is all that the layers depend on: the domains of one backend.
type Set struct {
	Default string       // the default domain
	Email   string       // who is responsible
	Extra   []Domain     // with names and titles
	SFT     string       // the host of conference calls, with a port if it is not 443; empty if there is none
	Node    string       // the VM that serves calls; empty: none of the installation's own does, or any
	Calls   *Calls       // nil: upstream's script tells the backend of the installation's own servers
	Proxies []netip.Addr // the machines in front of domains
}

// Set is the declared set, after Defaults. With calling, conference calls go
// through the installation's own sftd, below the default domain.
func (s *Spec) Set(calling bool) Set {
	set := Set{Default: s.Domain, Email: s.Email, Extra: s.Domains}
	set.Proxies, _ = s.Proxies()
	if calling {
		set.SFT = "sftd." + s.Domain
	}
	return set
}

// all are the default domain and the extra ones.
func (s Set) all() []string { return append([]string{s.Default}, s.extra()...) }

// extra are the extra domains.
func (s Set) extra() []string {
	domains := make([]string, len(s.Extra))
	for i, d := range s.Extra {
		domains[i] = d.Domain
	}
	return domains
}

// Overlays are the layers of all releases that must know of the domains, of calls or of
// proxies, by release. Where nothing asks for any, there are none. It fails with ChartUnfit
// if the artifact's charts cannot take them.
func Overlays(s Set, a Artifact) (map[string]Values, error) {
	if err := a.fit(s); err != nil {
		return nil, err
	}
	app, err := WebappOverlay(s, a.Webapp)
	if err != nil {
		return nil, err
	}
	account, err := AccountPagesOverlay(s, a)
	if err != nil {
		return nil, err
	}
	layers := map[string]Values{}
	for release, values := range map[string]Values{
		"wire-server": WireServerOverlay(s, a), "webapp": app, "account-pages": account, "sftd": SftdOverlay(s), "coturn": CoturnOverlay(s),
		Controller: ControllerOverlay(s),
	} {
		if values != nil {
			layers[release] = values
		}
	}
	return layers, nil
}
