package ingress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"time"
)

// dialTimeout is how long the public address may take to accept a connection.
const dialTimeout = 3 * time.Second

// client makes a client that trusts the roots and takes each answer as it is: without
// redirects, proxies, cookies. With an address it connects there, whatever host is asked for.
func (v Verify) client(roots *x509.CertPool) *http.Client {
	dialer := net.Dialer{Timeout: dialTimeout}
	dial := dialer.DialContext
	if v.Address != "" {
		address := v.Address
		if _, _, err := net.SplitHostPort(address); err != nil {
			address = net.JoinHostPort(address, "443")
		}
		dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, address)
		}
	}
	return &http.Client{
		Transport: &http.Transport{
			DialContext:     dial,
			TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// roots are whom the domain's certificate is trusted from.
func (v Verify) roots(domain string) (*x509.CertPool, error) {
	at := slices.IndexFunc(v.Set.Extra, func(d Domain) bool { return d.Domain == domain && d.Certificate.Own() })
	if at < 0 {
		return v.RootCAs, nil
	}
	own, err := os.ReadFile(v.Set.Extra[at].Certificate.Cert)
	if err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", domain, err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("the system's certificates: %w", err)
	}
	if v.RootCAs != nil {
		roots = v.RootCAs.Clone()
	}
	roots.AppendCertsFromPEM(own)
	return roots, nil
}

// way is the part of the way to a host that an error speaks of.
func way(err error) string {
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &name):
		return "dns"
	case errors.As(err, &certificate):
		return "certificate"
	default:
		return "connection"
	}
}

// hostOf is the host in a URL of a question.
func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	return u.Host
}
