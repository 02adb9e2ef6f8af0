package provision

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wiabctl/cluster"
	"wiabctl/ingress"
)

func TestDomainInventory(t *testing.T) {
	soon, later := time.Now().Add(time.Hour), time.Now().Add(2*time.Hour)
	known := domainInventory{
		releases: map[string]cluster.Deployed{
			"nginx-ingress-services":      {Revision: 4, Status: "deployed"},
			"nginx-ingress-services-blue": {Revision: 2, Status: "failed"},
			"wire-server":                 {Revision: 9},
		},
		certificates: []cluster.Certificate{{Name: "green-example-org-csr", NotAfter: soon}, {Name: "red-example-com-csr", Problem: "waits"}},
		served:       map[string]*x509.Certificate{"nginx-ingress-services-blue-nginx-multi-ingress-blue-wildcard-tls-certificate": {NotAfter: later}},
	}
	own := ingress.Certificate{Cert: "c", Key: "k"}
	tests := map[string]struct {
		domain ingress.Domain
		want   DomainState
	}{
		"the default one": {ingress.Domain{Domain: "green.example.org"}, DomainState{Domain: "green.example.org",
			Certificate: CertificateState{Kind: "letsencrypt", NotAfter: soon}, Release: ReleaseState{"nginx-ingress-services", 4, "deployed"}}},
		"own": {ingress.Domain{Domain: "blue.example.net", Name: "blue", Certificate: own}, DomainState{Domain: "blue.example.net", Name: "blue",
			Certificate: CertificateState{Kind: "own", NotAfter: later}, Release: ReleaseState{"nginx-ingress-services-blue", 2, "failed"}}},
		"not deployed": {ingress.Domain{Domain: "red.example.com", Name: "red", Title: "R"}, DomainState{Domain: "red.example.com", Name: "red", Title: "R",
			Certificate: CertificateState{Kind: "letsencrypt", Problem: "waits"}, Release: ReleaseState{Name: "nginx-ingress-services-red"}}},
		"own, not deployed": {ingress.Domain{Domain: "lime.example.org", Name: "lime", Certificate: own}, DomainState{Domain: "lime.example.org", Name: "lime",
			Certificate: CertificateState{Kind: "own"}, Release: ReleaseState{Name: "nginx-ingress-services-lime"}}},
		"staging, nothing there": {ingress.Domain{Domain: "pink.example.org", Name: "pink", Certificate: ingress.Certificate{Staging: true}}, DomainState{Domain: "pink.example.org", Name: "pink",
			Certificate: CertificateState{Kind: "staging"}, Release: ReleaseState{Name: "nginx-ingress-services-pink"}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, known.state(test.domain)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What belongs to a domain depends on where its certificate comes from, and on what it serves.
func TestDomainDetail(t *testing.T) {
	i := opened(t, smallest)
	known := domainInventory{releases: map[string]cluster.Deployed{
		"wire-server": {Values: map[string]any{"nginz": map[string]any{"hosts": []any{"nginz-https.red.example.com"}}}},
		"sftd":        {Values: map[string]any{"allowOrigin": "https://webapp.green.example.org, https://webapp.red.example.com"}},
	}}
	entries := []string{"sftd allowOrigin", "wire-server nginz.hosts[0]"}
	for name, tc := range map[string]struct {
		domain  ingress.Domain
		hosts   int
		secrets []string
		entries []string
	}{
		"the default one": {ingress.Domain{Domain: "green.example.org"}, 6, nil, entries[:1]},
		"Let's Encrypt's": {ingress.Domain{Domain: "red.example.com", Name: "red", Apps: []ingress.App{ingress.Webapp}}, 4,
			[]string{"default/nginx-ingress-services-red-nginx-multi-ingress-red-managed-tls-certificate", "cert-manager-ns/letsencrypt-http01-red-account-key"}, entries},
		"its own": {ingress.Domain{Domain: "red.example.com", Name: "red", Apps: []ingress.App{ingress.Webapp}, Certificate: ingress.Certificate{Cert: "c", Key: "k"}}, 4, nil, entries},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := i.detail(known, tc.domain)
			if err != nil || len(d.Hosts) != tc.hosts {
				t.Fatalf("its hosts are %v, %v", d.Hosts, err)
			}
			if diff := cmp.Diff(tc.secrets, d.Secrets) + cmp.Diff(tc.entries, d.Entries); diff != "" {
				t.Error(diff)
			}
		})
	}
}
