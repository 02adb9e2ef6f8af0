package provision

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"wiabctl/cluster"
	"wiabctl/ingress"
	"wiabctl/provision/change"
)

// mark is the key under which a release's values say which domains they were
// computed for, and from which overlay of the user's. No chart reads it; a release whose
// mark differs is out of date even where all wanted keys are in force, as after the
// removal of a domain.
const mark = "wiabctl"

// overlays are the computed values of every release that may have any; nil means
// none. Before the artifact is unpacked they cannot be computed yet.
func (i *Installation) overlays(ctx context.Context) (map[string]ingress.Values, error) {
	all := map[string]ingress.Values{"wire-server": nil, "webapp": nil, "account-pages": nil, ingress.Controller: nil}
	if i.config.Calling.selfHosted() {
		all["sftd"], all["coturn"] = nil, nil
	}
	artifact, err := i.layerSources(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	set, err := i.secretSet()
	if err != nil {
		return nil, err
	}
	computed, err := ingress.Overlays(set, artifact)
	if err != nil {
		return nil, err
	}
	for release, values := range computed {
		values[mark] = i.marked(release)
		all[release] = values
	}
	return all, nil
}

// marked tells what a release's values were computed for. The TURN server knows no domains, and
// the ingress only those that have a proxy.
func (i *Installation) marked(release string) ingress.Values {
	of := ingress.Values{}
	switch release {
	case "coturn":
	case ingress.Controller:
		_, open := i.config.Ingress.Proxies()
		of["domains"] = slices.DeleteFunc(i.domainNames(), func(domain string) bool { return slices.Contains(open, domain) })
	default:
		of["domains"] = i.domainNames()[1:]
	}
	if slices.Contains(callingReleases, release) || release == "wire-server" && !i.config.Calling.selfHosted() {
		of["calling"] = string(i.config.Calling.Mode)
	}
	return of
}

// releases are what the Helm releases have to be like: those of the artifact in the order
// in which helm-operations.sh deploys them, for the backend has to know a domain before
// anything leads there; then one for each extra domain.
func (i *Installation) releases(ctx context.Context) ([]cluster.Release, error) {
	overlays, err := i.overlays(ctx)
	if err != nil {
		return nil, err
	}
	users, err := i.readOverlays(i.layers(overlays))
	if err != nil {
		return nil, err
	}
	// Of a layer that there was before no mark may be left.
	unmarked := ingress.Values{mark: ingress.Values{"domains": nil, "overlay": nil, "calling": nil}}
	var all []cluster.Release
	for _, name := range cluster.ScriptReleases(i.config.Calling.selfHosted()) {
		values := ingress.Merge(unmarked, ingress.Merge(overlays[name], users[name].Values))
		all = append(all, cluster.Release{Name: name, Chart: name, Values: values})
	}
	for _, d := range i.config.Ingress.Domains {
		r, err := i.domainRelease(d)
		if err != nil {
			return nil, err
		}
		r.Values = ingress.Merge(unmarked, ingress.Merge(r.Own, users[r.Name].Values))
		all = append(all, r)
	}
	return all, nil
}

// domainChart is what an extra domain's release is of.
const domainChart = "nginx-ingress-services"

// domainRelease is the release of an extra domain's own. Its mark names the artifact,
// for its chart is the artifact's: another one deploys it anew.
func (i *Installation) domainRelease(d ingress.Domain) (cluster.Release, error) {
	r := cluster.Release{Name: ingress.ReleaseName(d.Name), Chart: domainChart,
		Own: ingress.ReleaseValues(d, i.config.Ingress.Email)}
	r.Own[mark] = ingress.Values{"domain": d.Domain, "artifact": i.config.Artifact.Hash}
	if !d.Certificate.Own() {
		return r, nil
	}
	pair, err := i.domainSet().ReadPair(d, time.Now(), nil)
	if err != nil {
		return r, err
	}
	r.Secret = ingress.ReleaseSecrets(pair.Cert, pair.Key)
	return r, nil
}

// unwanted tells why a deployed release has to go: an extra domain's, made by wiabctl, that
// is no longer configured or bears another name now, or one that serves calls where others
// do, or nobody.
func (i *Installation) unwanted(d cluster.Deployed) string {
	marked, _ := d.Values[mark].(map[string]any)
	was, now := marked["domain"], i.domainOf(d.Name)
	switch {
	case was != nil && now == "":
		return "its domain is no longer configured"
	case was != nil && was != now:
		return fmt.Sprintf("it is %v's, and its name is %s's now", was, now)
	case !i.config.Calling.selfHosted() && slices.Contains(callingReleases, d.Name) && marked["calling"] != nil:
		return "calling.mode is " + string(i.config.Calling.Mode)
	}
	return ""
}

// domainOf is the extra domain that the release is for by its name; empty: none.
func (i *Installation) domainOf(release string) string {
	for _, d := range i.config.Ingress.Domains {
		if ingress.ReleaseName(d.Name) == release {
			return d.Domain
		}
	}
	return ""
}

// leaves are the Secrets that cert-manager makes for an extra domain's release, and keeps.
func leaves(d cluster.Deployed) []string {
	name, extra := strings.CutPrefix(d.Name, ingress.ReleaseName(""))
	if !extra {
		return nil
	}
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

// domainSet is what the overlays are computed from, without secrets.
func (i *Installation) domainSet() ingress.Set { return i.config.domainSet() }

// secretSet is domainSet with the secret of calls that are served elsewhere.
func (i *Installation) secretSet() (ingress.Set, error) {
	set := i.domainSet()
	secret, err := i.config.Calling.secret()
	if err != nil || set.Calls == nil {
		return set, err
	}
	calls := *set.Calls
	calls.Secret = secret
	return set.CallsBy(calls), nil
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
