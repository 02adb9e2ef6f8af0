package ingress

// Values are the values of a helm release, or a layer of them. A nil in them
// takes a key away from the layers below.
type Values = map[string]any

// Set is all that the layers depend on: the domains of one backend.
type Set struct {
	Default string   // the default domain
	Email   string   // who is responsible
	Extra   []Domain // with names and titles
	SFT     string   // the host of conference calls; empty if there is none
}

// Set is the declared set, after Defaults. With calling, conference calls go
// through the installation's own sftd, below the default domain.
func (s *Spec) Set(calling bool) Set {
	set := Set{Default: s.Domain, Email: s.Email, Extra: s.Domains}
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

// Overlays are the layers of all releases that must know of the domains, by
// release. webapp is the artifact's own values file of the webapp. There are none
// without an extra domain.
func Overlays(s Set, webapp []byte) (map[string]Values, error) {
	app, err := WebappOverlay(s, webapp)
	if err != nil {
		return nil, err
	}
	layers := map[string]Values{}
	for release, values := range map[string]Values{
		"wire-server": WireServerOverlay(s), "webapp": app, "sftd": SftdOverlay(s),
	} {
		if values != nil {
			layers[release] = values
		}
	}
	return layers, nil
}
