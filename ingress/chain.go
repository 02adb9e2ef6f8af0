package ingress

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// problems are all that keeps a client from trusting the hosts with this certificate, and what
// find finds in it of other domains, in a line; nil if there are none.
func (p Pair) problems(hosts []string, find func(string) map[string]string, now time.Time, roots *x509.CertPool) error {
	leaf := p.Chain[0]
	found := slices.Concat(validity(p.Chain, now), ordered(p.Chain), []error{server(leaf), strong(leaf), covers(leaf, hosts), discreet(leaf, find)})
	found = slices.DeleteFunc(found, func(err error) bool { return err == nil })
	if len(found) == 0 {
		found = append(found, trusted(p.Chain, now, roots))
	}
	if err := errors.Join(found...); err != nil {
		return errors.New(oneLine(err))
	}
	return nil
}

// validity reports the certificates that are not valid now.
func validity(chain []*x509.Certificate, now time.Time) []error {
	var errs []error
	for i, c := range chain {
		switch {
		case now.After(c.NotAfter):
			errs = append(errs, fmt.Errorf("%s ended on %s", called(i, c), c.NotAfter.Local().Format(time.DateTime)))
		case now.Before(c.NotBefore):
			errs = append(errs, fmt.Errorf("%s begins on %s", called(i, c), c.NotBefore.Local().Format(time.DateTime)))
		}
	}
	return errs
}

// ordered reports the certificates that did not issue the one before them (RFC 8446, 4.4.2).
func ordered(chain []*x509.Certificate) []error {
	var errs []error
	for i := range len(chain) - 1 {
		c, next := chain[i], chain[i+1]
		switch {
		case c.Equal(next):
			errs = append(errs, fmt.Errorf("%s stands there twice", called(i, c)))
		case !bytes.Equal(c.RawIssuer, next.RawSubject):
			errs = append(errs, fmt.Errorf("%s was issued by %q, but what follows is %s: the order is the server's own, who issued it, and so on", called(i, c), c.Issuer, called(i+1, next)))
		default:
			if err := c.CheckSignatureFrom(next); err != nil {
				errs = append(errs, fmt.Errorf("%s did not issue %s: %w", called(i+1, next), called(i, c), err))
			}
		}
	}
	return errs
}

// server tells whether the certificate is a server's.
func server(c *x509.Certificate) error {
	if c.IsCA {
		return fmt.Errorf("%s is a certificate authority's, which browsers do not take for a server's", called(0, c))
	}
	if uses := c.ExtKeyUsage; len(uses) > 0 && !slices.Contains(uses, x509.ExtKeyUsageServerAuth) && !slices.Contains(uses, x509.ExtKeyUsageAny) {
		return fmt.Errorf("%s is not meant for servers (its extended key usage lacks serverAuth)", called(0, c))
	}
	return nil
}

// strong tells whether browsers take the kind of key.
func strong(c *x509.Certificate) error {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < 2048 {
			return fmt.Errorf("its RSA key has %d bits, browsers want 2048 at least", key.N.BitLen())
		}
	case ed25519.PublicKey:
		return errors.New("its key is of the kind Ed25519, which browsers do not take: use ECDSA or RSA")
	}
	return nil
}

// covers tells which of the hosts the certificate leaves out.
func covers(c *x509.Certificate, hosts []string) error {
	if len(c.DNSNames) == 0 {
		return errors.New("it names no host (subject alternative names); clients do not look at its common name")
	}
	uncovered := slices.DeleteFunc(slices.Clone(hosts), func(host string) bool { return c.VerifyHostname(host) == nil })
	if len(uncovered) > 0 {
		return fmt.Errorf("it does not cover %s", strings.Join(uncovered, ", "))
	}
	return nil
}

// discreet tells which names of other domains whoever connects to this one reads in the certificate.
func discreet(c *x509.Certificate, find func(string) map[string]string) error {
	others := find(strings.Join(wordsOf(c), " "))
	if len(others) == 0 {
		return nil
	}
	return fmt.Errorf("it names %s too, so whoever connects to one domain reads of the other: give each domain a certificate that tells its own names alone, in whatever part",
		strings.Join(slices.Sorted(maps.Keys(others)), ", "))
}

// wordsOf is all that a certificate says in words: whom it is for, who issued it, and where to ask about it.
func wordsOf(c *x509.Certificate) []string {
	words := slices.Concat(c.DNSNames, c.EmailAddresses, c.CRLDistributionPoints, c.OCSPServer, c.IssuingCertificateURL)
	for _, u := range c.URIs {
		words = append(words, u.String())
	}
	return append(words, c.Subject.String(), c.Issuer.String())
}

// trusted tells whether the chain leads to a root: the one that it ends with, or one of roots.
func trusted(chain []*x509.Certificate, now time.Time, roots *x509.CertPool) error {
	last := chain[len(chain)-1]
	if bytes.Equal(last.RawIssuer, last.RawSubject) {
		roots = x509.NewCertPool()
		roots.AddCert(last)
	}
	issuers := x509.NewCertPool()
	for _, c := range chain[1:] {
		issuers.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: issuers, CurrentTime: now})
	if unknown := (x509.UnknownAuthorityError{}); errors.As(err, &unknown) {
		return fmt.Errorf("its chain is not complete: it ends with %s, issued by %q, which neither stands in the file nor is trusted by this host: append it",
			called(len(chain)-1, last), last.Issuer)
	}
	return err
}

// called is how a certificate of a chain is spoken of.
func called(i int, c *x509.Certificate) string {
	return fmt.Sprintf("certificate %d (%s)", i+1, c.Subject)
}
