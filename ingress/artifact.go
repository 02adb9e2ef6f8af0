package ingress

import (
	"bytes"
	"fmt"

	"golang.org/x/mod/semver"
)

// Artifact is what the layers depend on of the unpacked artifact: files of its own, as
// they are, nil where there is none.
type Artifact struct {
	Webapp       []byte // values/webapp/prod-values.example.yaml
	AccountPages []byte // values/account-pages/prod-values.example.yaml
	// AccountDefaults are the chart's own values, with their comments:
	// charts/account-pages/values.yaml.
	AccountDefaults []byte
	Versions        map[string]string // of its charts, by name
}

const (
	// severalDomains is the first release of wire-server whose charts take everything that
	// more domains than one need (multi_ingress_deeplink, spar's domainConfigs).
	severalDomains = "v5.14"
	// merged is the first one of a single chart: there null takes a key away. In the charts
	// with subcharts before it only an empty text is known to count as nothing (contract
	// section 15.1).
	merged = "v5.29"
)

// fit fails with ChartUnfit, and the reason, if the charts cannot take what the set needs.
func (a Artifact) fit(s Set) error {
	release := semver.MajorMinor("v" + a.Versions["wire-server"])
	switch {
	case len(s.Extra) == 0 && s.Calls == nil:
		return nil
	case release == "":
		return ChartUnfit.Failf("the chart wire-server has the version %q: whether it takes the values of extra domains and of calls is not known", a.Versions["wire-server"])
	case len(s.Extra) > 0 && semver.Compare(release, severalDomains) < 0:
		return ChartUnfit.Failf("the chart wire-server %s knows no extra domains: deep links and single sign-on of their own began with %s", a.Versions["wire-server"], severalDomains[1:])
	}
	return nil
}

// unset is the value that leaves the chart wire-server without one.
func (a Artifact) unset() any {
	if release := semver.MajorMinor("v" + a.Versions["wire-server"]); release != "" && semver.Compare(release, merged) < 0 {
		return ""
	}
	return nil
}

// oneDomain is the newest account-pages of which it is known that they serve one domain.
const oneDomain = "v0.9.0-pre.49"

// AccountPagesFixed tells why the pages of account.<domain> name the default domain on
// every domain; empty if they follow the domain of the request. A version that does
// (wire-account#6355) tells of its variable in its chart's values, or in the artifact's.
func (a Artifact) AccountPagesFixed() string {
	version := a.Versions["account-pages"]
	switch {
	case bytes.Contains(a.AccountDefaults, []byte(dynamicHostname)), bytes.Contains(a.AccountPages, []byte(dynamicHostname)):
		return ""
	case semver.IsValid("v"+version) && semver.Compare("v"+version, oneDomain) <= 0:
		return fmt.Sprintf("account-pages %s serve one domain", version)
	}
	return fmt.Sprintf("whether account-pages %s can serve more than one domain is not known, so they are left as they are", version)
}
