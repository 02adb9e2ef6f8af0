package provision

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"strings"
	"time"

	"wiabctl/cluster"
	"wiabctl/ingress"
	"wiabctl/provision/change"
)

// webappValues is the artifact's own file, of which the webapp's overlay keeps
// every key.
const webappValues = "values/webapp/prod-values.example.yaml"

// mark is the key under which a release's values say which domains they were
// computed for, and from which overlay of the user's. No chart reads it; a release whose
// mark differs is out of date even where all wanted keys are in force, as after the
// removal of a domain.
const mark = "wiabctl"

// overlays are the computed values of every release that may have any; nil means
// none. Before the artifact is unpacked the webapp's cannot be computed yet.
func (i *Installation) overlays(ctx context.Context) (map[string]ingress.Values, error) {
	set := i.domainSet()
	all := map[string]ingress.Values{"wire-server": nil, "webapp": nil}
	if set.SFT != "" {
		all["sftd"], all["coturn"] = nil, nil
	}
	values, err := i.admin.Read(ctx, webappValues)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return all, nil
	case err != nil:
		return nil, err
	}
	computed, err := ingress.Overlays(set, values)
	if err != nil {
		return nil, err
	}
	maps.Copy(all, computed)
	for release, values := range all {
		if values != nil {
			values[mark] = ingress.Values{"domains": i.domainNames()[1:]}
		}
		if release == "sftd" || release == "coturn" {
			all[release] = i.config.Calling.overlay(values)
		}
	}
	return all, nil
}

// releases are what the Helm releases have to be like: those of the artifact in the order
// in which helm-operations.sh deploys them, for the backend has to know a domain before
// anything leads there; then one for each extra domain.
func (i *Installation) releases(ctx context.Context) ([]cluster.Release, error) {
	overlays, err := i.overlays(ctx)
	if err != nil {
		return nil, err
	}
	users, err := i.userOverlays(ctx)
	if err != nil {
		return nil, err
	}
	// Of a layer that there was before no mark may be left.
	unmarked := ingress.Values{mark: ingress.Values{"domains": nil, "overlay": nil}}
	var all []cluster.Release
	for _, name := range cluster.ScriptReleases(i.config.Calling.selfHosted()) {
		values := ingress.Merge(unmarked, ingress.Merge(overlays[name], users[name]))
		all = append(all, cluster.Release{Name: name, Chart: name, Values: values})
	}
	for _, d := range i.config.Ingress.Domains {
		r, err := i.domainRelease(d)
		if err != nil {
			return nil, err
		}
		r.Values = ingress.Merge(unmarked, ingress.Merge(r.Own, users[r.Name]))
		all = append(all, r)
	}
	return all, nil
}

// domainRelease is the release of an extra domain's own. Its mark names the artifact,
// for its chart is the artifact's: another one deploys it anew.
func (i *Installation) domainRelease(d ingress.Domain) (cluster.Release, error) {
	r := cluster.Release{Name: ingress.ReleaseName(d.Name), Chart: "nginx-ingress-services",
		Own: ingress.ReleaseValues(d, i.config.Ingress.Email)}
	r.Own[mark] = ingress.Values{"domain": d.Domain, "artifact": i.config.Artifact.Hash}
	if !d.Certificate.Own() {
		return r, nil
	}
	pair, err := d.ReadPair(time.Now(), nil)
	if err != nil {
		return r, err
	}
	r.Secret = ingress.ReleaseSecrets(pair.Cert, pair.Key)
	return r, nil
}

// ours tells whether a deployed release is an extra domain's, made by wiabctl.
func ours(d cluster.Deployed) bool {
	marked, ok := d.Values[mark].(map[string]any)
	return ok && marked["domain"] != nil
}

// leaves are the Secrets that cert-manager makes for an extra domain's release, and keeps.
func leaves(d cluster.Deployed) []string {
	name := strings.TrimPrefix(d.Name, ingress.ReleaseName(""))
	return ingress.LeftSecrets(name)
}

// missing lists the paths at which deployed values fall short.
func missing(live, want map[string]any) []string {
	paths, err := ingress.Holds(live, want)
	if err != nil {
		return []string{err.Error()}
	}
	return paths
}

// domainSet is what the overlays are computed from.
func (i *Installation) domainSet() ingress.Set {
	return i.config.Ingress.Set(i.config.Calling.selfHosted())
}

// certificateNames are the Certificates that cert-manager has to make ready: the
// default domain's, those of the extra domains that bring none of their own, and sftd's.
func (i *Installation) certificateNames() []string {
	names := []string{ingress.CertificateName(i.config.Ingress.Domain)}
	for _, d := range i.config.Ingress.Domains {
		if !d.Certificate.Own() {
			names = append(names, ingress.CertificateName(d.Domain))
		}
	}
	if i.config.Calling.selfHosted() {
		names = append(names, ingress.SftdCertificate)
	}
	return names
}

// ownCertificates are the Secrets with certificates that the user brings, by domain.
func (i *Installation) ownCertificates() map[string]string {
	own := map[string]string{}
	for _, d := range i.config.Ingress.Domains {
		if d.Certificate.Own() {
			own[d.Domain] = d.CertificateSecret()
		}
	}
	return own
}

// domainNames are the default domain and the extra ones.
func (i *Installation) domainNames() []string {
	names := []string{i.config.Ingress.Domain}
	for _, d := range i.config.Ingress.Domains {
		names = append(names, d.Domain)
	}
	return names
}

// verify is the stage that asks for every domain as a client outside would.
type verify struct {
	ask     func(ctx context.Context) (ingress.Verify, error)
	domains []string
}

// Name of the stage.
func (verify) Name() string { return "verify" }

// Plan waits for the domains that do not answer rightly.
func (v verify) Plan(ctx context.Context) ([]change.Change, error) {
	ask, err := v.ask(ctx)
	if err != nil {
		return nil, err
	}
	return ask.Plan(ctx, v.domains)
}
