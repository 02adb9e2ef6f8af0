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
