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
	"time"
)

// dialTimeout is how long the public address may take to accept a connection.
const dialTimeout = 3 * time.Second

// client makes a client that takes each answer as it is: without redirects, proxies, cookies.
// With an address it connects there, whatever host is asked for.
func (v Verify) client(trust *tls.Config) *http.Client {
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
			DialContext:         dial,
			TLSClientConfig:     trust,
			MaxIdleConnsPerHost: together, // the conference server is asked about as many domains at once
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// trust is whose certificates are taken for a domain: of whom the system or RootCAs trust; of one
// that the user brought, whoever signed it; of Let's Encrypt's staging server, which nobody trusts.
func (v Verify) trust(domain string) (*tls.Config, error) {
	trust := &tls.Config{RootCAs: v.RootCAs, MinVersion: tls.VersionTLS12}
	d, _ := v.Set.declared(domain)
	if d.Certificate.Staging {
		trust.InsecureSkipVerify, trust.VerifyConnection = true, nameAndTime
	}
	if !d.Certificate.Own() {
		return trust, nil
	}
	own, err := os.ReadFile(d.Certificate.Cert)
	if err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", domain, err)
	}
	if v.RootCAs != nil {
		trust.RootCAs = v.RootCAs.Clone()
	} else if trust.RootCAs, err = x509.SystemCertPool(); err != nil {
		return nil, fmt.Errorf("the system's certificates: %w", err)
	}
	trust.RootCAs.AppendCertsFromPEM(own)
	return trust, nil
}

// nameAndTime demands of a certificate only that it is the host's, and not out of date.
func nameAndTime(state tls.ConnectionState) error {
	leaf := state.PeerCertificates[0] // a handshake without one fails before
	err := leaf.VerifyHostname(state.ServerName)
	if now := time.Now(); err == nil && (now.Before(leaf.NotBefore) || now.After(leaf.NotAfter)) {
		err = x509.CertificateInvalidError{Cert: leaf, Reason: x509.Expired}
	}
	if err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: state.PeerCertificates, Err: err}
	}
	return nil
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
