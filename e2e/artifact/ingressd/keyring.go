package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"sync"
	"time"
)

// fakeName is the subject of the certificate that ingress-nginx shows for lack
// of a better one.
const fakeName = "Kubernetes Ingress Controller Fake Certificate"

// keyring parses the certificates in Secrets, each once.
type keyring struct {
	fake *tls.Certificate

	mu     sync.Mutex
	parsed map[string]parsedPair // by the Secret's namespace/name
}

type parsedPair struct {
	crt, key []byte
	cert     *tls.Certificate // nil if they make no certificate
}

func newKeyring() (*keyring, error) {
	fake, err := selfSigned()
	if err != nil {
		return nil, fmt.Errorf("make the fake certificate: %w", err)
	}
	return &keyring{fake: fake, parsed: map[string]parsedPair{}}, nil
}

// certificate is what a Secret holds for host, or the fake one if it holds no
// key pair or one for other names, as ingress-nginx decides it.
func (k *keyring) certificate(s secret, host string) *tls.Certificate {
	k.mu.Lock()
	defer k.mu.Unlock()
	crt, key := s.Data["tls.crt"], s.Data["tls.key"]
	pair, ok := k.parsed[s.key()]
	if !ok || !bytes.Equal(pair.crt, crt) || !bytes.Equal(pair.key, key) {
		pair = parsedPair{crt: crt, key: key}
		if cert, err := tls.X509KeyPair(crt, key); err == nil {
			pair.cert = &cert
		}
		k.parsed[s.key()] = pair
	}
	if pair.cert == nil || pair.cert.Leaf.VerifyHostname(host) != nil {
		return k.fake
	}
	return pair.cert
}

func selfSigned() (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{Organization: []string{"Acme Co"}, CommonName: fakeName},
		DNSNames:     []string{"ingress.local"},
		// A guest's clock may lag behind after a restore.
		NotBefore:   time.Now().Add(-24 * time.Hour),
		NotAfter:    time.Now().AddDate(1, 0, 0),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}
