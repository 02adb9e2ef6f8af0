package provision

import (
	"context"
	"crypto/x509"
	"errors"
	"maps"
	"slices"
	"time"

	"wiabctl/cluster"
	"wiabctl/ingress"
	"wiabctl/provision/change"
)

// DomainState is a domain of the configuration, with what there is of it.
type DomainState struct {
	Domain      string           `json:"domain"`
	Name        string           `json:"name,omitempty"` // empty: the default domain
	Title       string           `json:"title,omitempty"`
	Certificate CertificateState `json:"certificate"`
	Release     ReleaseState     `json:"release"`
	// Verified is when the domain was last verified; zero: never. Problem is what was wrong then.
	Verified time.Time `json:"verified,omitzero"`
	Problem  string    `json:"problem,omitempty"`
}

// CertificateState is a domain's certificate as it is served.
type CertificateState struct {
	Kind     string    `json:"kind"`               // letsencrypt, staging, solvers or own
	NotAfter time.Time `json:"not_after,omitzero"` // zero: there is none yet
	Problem  string    `json:"problem,omitempty"`
}

// ReleaseState is the Helm release of a domain.
type ReleaseState struct {
	Name     string `json:"name"`
	Revision int    `json:"revision,omitempty"` // 0: it is not deployed
	Status   string `json:"status,omitempty"`   // Helm's word
}

// DomainDetail is all that belongs to a domain.
type DomainDetail struct {
	DomainState
	Hosts   []string `json:"hosts"`             // which DNS and the certificate have to name
	Objects []string `json:"objects,omitempty"` // of its release, as Kind/name
	Secrets []string `json:"secrets,omitempty"` // beside them, as namespace/name
	Entries []string `json:"entries,omitempty"` // where the releases' values name it: RELEASE PATH
}

// Domains tells of the default domain and of each extra one.
func (i *Installation) Domains(ctx context.Context) ([]DomainState, error) {
	known, err := i.inventoryOfDomains(ctx)
	if err != nil {
		return nil, err
	}
	all := []DomainState{known.state(ingress.Domain{Domain: i.config.Ingress.Domain})}
	for _, d := range i.config.Ingress.Domains {
		all = append(all, known.state(d))
	}
	return all, verifications(verified, all)
}

// Domain tells all of one domain. It fails with ingress.DomainUnknown for one that is not
// configured.
func (i *Installation) Domain(ctx context.Context, typed string) (DomainDetail, error) {
	name, err := ingress.Canonical(typed)
	if err != nil {
		return DomainDetail{}, err
	}
	all := append([]ingress.Domain{{Domain: i.config.Ingress.Domain}}, i.config.Ingress.Domains...)
	at := slices.IndexFunc(all, func(d ingress.Domain) bool { return d.Domain == name })
	if at < 0 {
		return DomainDetail{}, ingress.DomainUnknown.Failf("%s is none of the configured domains", name)
	}
	known, err := i.inventoryOfDomains(ctx)
	if err != nil {
		return DomainDetail{}, err
	}
	return i.detail(known, all[at])
}

func (i *Installation) detail(known domainInventory, d ingress.Domain) (DomainDetail, error) {
	states := []DomainState{known.state(d)}
	if err := verifications(verified, states); err != nil {
		return DomainDetail{}, err
	}
	detail := DomainDetail{DomainState: states[0], Hosts: ingress.Hosts(d.Domain)}
	if d.Name != "" {
		detail.Hosts = d.Hosts()
		if !d.Certificate.Own() {
			detail.Secrets = []string{"default/" + d.CertificateSecret(), "cert-manager-ns/" + d.Issuer() + "-account-key"}
		}
	}
	var err error
	if detail.Objects, err = known.releases[detail.Release.Name].Parts(); err != nil {
		return detail, err
	}
	for _, release := range slices.Sorted(maps.Keys(known.releases)) {
		for _, path := range ingress.Places(known.releases[release].Values, d.Domain) {
			detail.Entries = append(detail.Entries, release+" "+path)
		}
	}
	return detail, nil
}

// domainInventory is what the cluster holds of the domains.
type domainInventory struct {
	releases     map[string]cluster.Deployed
	certificates []cluster.Certificate
	served       map[string]*x509.Certificate
}

// inventoryOfDomains asks the cluster; there is nothing while there is none.
func (i *Installation) inventoryOfDomains(ctx context.Context) (known domainInventory, err error) {
	if known.releases, err = i.api.Releases(ctx); errors.Is(err, change.ErrNotInstalled) {
		return domainInventory{}, nil
	}
	var failed, unserved error
	known.certificates, failed = i.api.Certificates(ctx)
	known.served, unserved = i.api.TLSCertificates(ctx)
	return known, errors.Join(err, failed, unserved)
}

// state is what is known of a domain; one without a name is the default one.
func (k domainInventory) state(d ingress.Domain) DomainState {
	release := ingress.DefaultRelease
	if d.Name != "" {
		release = ingress.ReleaseName(d.Name)
	}
	r := k.releases[release]
	return DomainState{Domain: d.Domain, Name: d.Name, Title: d.Title, Certificate: k.certificate(d),
		Release: ReleaseState{Name: release, Revision: r.Revision, Status: r.Status}}
}

// certificate is that of a domain, by cert-manager's word or, an own one, as it is served.
func (k domainInventory) certificate(d ingress.Domain) CertificateState {
	state := CertificateState{Kind: d.Certificate.Kind()}
	if d.Certificate.Own() {
		if cert := k.served[d.CertificateSecret()]; cert != nil {
			state.NotAfter = cert.NotAfter
		}
		return state
	}
	name := ingress.CertificateName(d.Domain)
	for _, c := range k.certificates {
		if c.Name == name {
			state.NotAfter, state.Problem = c.NotAfter, c.Problem
		}
	}
	return state
}

// verifications adds when each domain was last verified, as it is kept in a directory.
func verifications(dir string, all []DomainState) error {
	var errs []error
	for n := range all {
		v, there, err := lastVerification(dir, all[n].Domain)
		if errs = append(errs, err); there {
			all[n].Verified = v.Time
			if wrong := v.Err(); wrong != nil {
				all[n].Problem = wrong.Error()
			}
		}
	}
	return errors.Join(errs...)
}

// ForgetVerifications removes what was kept of domains that are gone, as people type them.
func ForgetVerifications(typed []string) error { return forgetVerifications(verified, typed) }

func forgetVerifications(dir string, typed []string) error {
	var errs []error
	for _, domain := range typed {
		name, err := ingress.Canonical(domain)
		if err == nil {
			err = forgetVerification(dir, name)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
