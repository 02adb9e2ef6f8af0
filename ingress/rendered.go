package ingress

// Rendered is what `helm template` made of a release's values.
type Rendered struct {
	Manifest []byte
	Refusal  string // why helm made nothing; empty if it did
}

// DomainReleases is the name under which the releases of all extra domains are rendered.
const DomainReleases = "domains"

// Check tells whether the rendered objects of a release do what the layers are for:
// LayerDropped names each value that the chart did not take, with the place where it should
// show; ChartUnfit says that the chart refuses the values. users are the overlays that were
// laid over the layers, by release: what they override on purpose is not looked at. Neither
// are Secrets, but for the one of TURN.
func Check(s Set, a Artifact, users map[string]UserOverlay, name string, r Rendered) error {
	e := &evidence{chart: name, user: users[name]}
	if name == DomainReleases {
		e.chart = DefaultRelease
	}
	if r.Refusal != "" {
		return ChartUnfit.Failf("the chart %s refuses its values: %s", e.chart, r.Refusal)
	}
	var err error
	if e.objects, err = readManifest(r.Manifest); err != nil {
		return LayerDropped.Failf("the chart %s: %w", e.chart, err)
	}
	switch name {
	case "wire-server":
		s.checkBackend(e)
	case "webapp":
		err = s.checkWebapp(e, a)
	case "account-pages":
		err = s.checkAccountPages(e, a)
	case "sftd":
		s.checkSftd(e)
	case "coturn":
		s.checkNode(e)
	case Controller:
		s.checkController(e)
	case DomainReleases:
		s.checkReleases(e, users)
	}
	if err != nil {
		return err
	}
	return e.err()
}
