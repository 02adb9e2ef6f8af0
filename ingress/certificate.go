package ingress

import (
	"crypto/tls"
	"os"
	"time"
)

// Read reads the user's own certificate for a domain and its key. It fails with
// CertificateUnusable if they don't match, are out of date at the given time, or
// leave out one of the domain's six names.
func (c Certificate) Read(domain string, now time.Time) (cert, key []byte, err error) {
	if cert, err = os.ReadFile(c.Cert); err != nil {
		return nil, nil, CertificateUnusable.Failf("certificate of %s: %w", domain, err)
	}
	if key, err = os.ReadFile(c.Key); err != nil {
		return nil, nil, CertificateUnusable.Failf("key of %s: %w", domain, err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, nil, CertificateUnusable.Failf("%s and %s: %w", c.Cert, c.Key, err)
	}
	if now.After(pair.Leaf.NotAfter) || now.Before(pair.Leaf.NotBefore) {
		return nil, nil, CertificateUnusable.Failf("%s is valid from %s to %s, not now", c.Cert,
			pair.Leaf.NotBefore.Format(time.DateOnly), pair.Leaf.NotAfter.Format(time.DateOnly))
	}
	for _, host := range Hosts(domain) {
		if err := pair.Leaf.VerifyHostname(host); err != nil {
			return nil, nil, CertificateUnusable.Failf("%s: %w", c.Cert, err)
		}
	}
	return cert, key, nil
}
