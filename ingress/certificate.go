package ingress

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"al.essio.dev/pkg/shellescape"
)

// Pair is a certificate of the user's own and its key, as they stand in their files (PEM).
type Pair struct {
	Cert  []byte              // with its chain
	Key   []byte              // a secret
	Chain []*x509.Certificate // what Cert holds, the server's first
}

// ReadPair reads the own certificate of one of the set's domains, and fails with
// CertificateUnusable if a client would refuse at the given time what is served with it, or
// would read in it of another domain of the set, as the leak test does; all problems are named.
// roots are whom clients trust; nil: whom this host trusts. A chain that ends in a root of its
// own has to be right by that.
func (s Set) ReadPair(d Domain, now time.Time, roots *x509.CertPool) (Pair, error) {
	c := d.Certificate
	p, err := c.read()
	if err != nil {
		return Pair{}, CertificateUnusable.Failf("%s: %w", d.Domain, err)
	}
	if err := p.problems(d.Hosts(), s.finder(d.Domain), now, roots); err != nil {
		return Pair{}, CertificateUnusable.Failf("%s: %s: %w", d.Domain, c.Cert, err)
	}
	return p, nil
}

// SharedKeys is CertificateUnusable for each domain whose own certificate has the key of one
// before it, of the pairs by domain: public logs of certificates, and those who scan the internet,
// list by their keys, and so one domain leads to the other.
func (s Set) SharedKeys(pairs map[string]Pair) error {
	first := map[string]string{}
	var errs []error
	for _, d := range s.Extra {
		p, brought := pairs[d.Domain]
		if !brought {
			continue
		}
		key := string(p.Chain[0].RawSubjectPublicKeyInfo)
		if other, shared := first[key]; shared {
			errs = append(errs, CertificateUnusable.Failf("%s: the key in %s is also that of %s, and public logs of certificates list by keys, so who finds one domain finds the other: give each a key of its own",
				d.Domain, d.Certificate.Key, other))
			continue
		}
		first[key] = d.Domain
	}
	return errors.Join(errs...)
}

// read reads both files and sees that they belong together.
func (c Certificate) read() (p Pair, err error) {
	if p.Cert, err = os.ReadFile(c.Cert); err != nil {
		return Pair{}, fmt.Errorf("the certificate cannot be read: %w", err)
	}
	if p.Key, err = os.ReadFile(c.Key); err != nil {
		return Pair{}, fmt.Errorf("the key cannot be read: %w", err)
	}
	if p.Chain, err = parseChain(p.Cert); err != nil {
		return Pair{}, fmt.Errorf("%s %w", c.Cert, err)
	}
	public, err := publicKey(p.Key)
	if err != nil {
		return Pair{}, fmt.Errorf("%s %w", c.Key, err)
	}
	switch at := owner(p.Chain, public); {
	case at < 0:
		return Pair{}, fmt.Errorf("%s is no key of a certificate in %s", c.Key, c.Cert)
	case at > 0:
		return Pair{}, fmt.Errorf("%s belongs to certificate %d of %s, which has to be the first: the server's own, then who issued it, and so on", c.Key, at+1, c.Cert)
	}
	return p, nil
}

// Exposed is KeyExposed if everybody on this host may read the key of the domain's own
// certificate.
func (d Domain) Exposed() error {
	if !d.Certificate.Own() {
		return nil
	}
	if info, err := os.Stat(d.Certificate.Key); err == nil && info.Mode()&0o004 != 0 {
		return KeyExposed.Warnf("%s, the key of %s, may be read by everybody on this host (mode %#o)", d.Certificate.Key, d.Domain, info.Mode()&fs.ModePerm).
			By("chmod 600 " + shellescape.Quote(d.Certificate.Key))
	}
	return nil
}
