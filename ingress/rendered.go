package ingress

import (
	"errors"
	"maps"
	"slices"
)

// Rendered is what `helm template` made of a release's values.
type Rendered struct {
	Manifest []byte
	Refusal  string // why helm made nothing; empty if it did
}

// DomainReleases is the name under which the releases of all extra domains are rendered.
const DomainReleases = "domains"

// Check tells whether the rendered objects do what the layers are for, each of which is
// rendered with the chart and the values of its release: LayerDropped names each value that
// a chart did not take, with the place where it should show, ChartUnfit the charts that
// refuse the values. Secrets are not looked at, but for the one of TURN.
func Check(s Set, a Artifact, rendered map[string]Rendered) error {
	checks := map[string]func(*evidence) error{
		"wire-server":   func(e *evidence) error { s.checkBackend(e); return nil },
		"webapp":        func(e *evidence) error { return s.checkWebapp(e, a) },
		"account-pages": func(e *evidence) error { return s.checkAccountPages(e, a) },
		"sftd":          func(e *evidence) error { s.checkSftd(e); return nil },
		DomainReleases:  func(e *evidence) error { s.checkReleases(e); return nil },
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(rendered)) {
		r, e := rendered[name], &evidence{chart: name}
		if name == DomainReleases {
			e.chart = DefaultRelease
		}
		if r.Refusal != "" {
			errs = append(errs, ChartUnfit.Failf("the chart %s refuses its values: %s", e.chart, r.Refusal))
			continue
		}
		var err error
		if e.objects, err = readManifest(r.Manifest); err != nil {
			errs = append(errs, LayerDropped.Failf("the chart %s: %w", e.chart, err))
			continue
		}
		if check := checks[name]; check != nil {
			errs = append(errs, check(e))
		}
		errs = append(errs, e.err())
	}
	return errors.Join(errs...)
}
