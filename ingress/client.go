package ingress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// dialTimeout is how long the public address may take to accept a connection.
const dialTimeout = 3 * time.Second

// client makes a client that connects to the address, whatever host is asked
// for, trusts the roots, and takes each answer as it is: without redirects,
// proxies, cookies.
func (v Verify) client(roots *x509.CertPool) *http.Client {
	address := v.Address
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(address, "443")
	}
	dialer := net.Dialer{Timeout: dialTimeout}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, address)
			},
			TLSClientConfig:   &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			DisableKeepAlives: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// longestAnswer is how much of an answer is read, in bytes.
const longestAnswer = 1 << 20

// get returns the body of an answer with status 200, and its content type.
func get(ctx context.Context, client *http.Client, url string) (body []byte, kind string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, "", err
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, "", plainly(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("%s answers %s", url, answer.Status)
	}
	body, err = io.ReadAll(io.LimitReader(answer.Body, longestAnswer))
	if err != nil {
		return nil, "", fmt.Errorf("%s breaks off: %w", url, err)
	}
	return body, answer.Header.Get("Content-Type"), nil
}

// fake is the name in the certificate that ingress-nginx falls back to while a
// domain's Secret is missing or unusable.
const fake = "Kubernetes Ingress Controller Fake Certificate"

// errFake says what that certificate means.
var errFake = errors.New("the ingress shows its fake certificate: the domain's own is not issued, or its Secret is missing")

// plainly says in a person's words what a TLS error means.
func plainly(err error) error {
	var bad *tls.CertificateVerificationError
	if errors.As(err, &bad) && len(bad.UnverifiedCertificates) > 0 &&
		bad.UnverifiedCertificates[0].Subject.CommonName == fake {
		return fmt.Errorf("%w (%w)", errFake, err)
	}
	return err
}
