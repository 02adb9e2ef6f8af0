package ingress

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// blocks are the parts of a PEM file (RFC 7468). Text between them is for people; a part that
// cannot be read is an error, for other programs might read it.
func blocks(text []byte) ([]*pem.Block, error) {
	var all []*pem.Block
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		all = append(all, block)
	}
	if begun := bytes.Count(text, []byte("-----BEGIN ")); begun != len(all) {
		return nil, fmt.Errorf("has %d parts of PEM, of which %d can be read", begun, len(all))
	}
	return all, nil
}

// parseChain reads certificates; an error completes the sentence "the file …".
func parseChain(text []byte) ([]*x509.Certificate, error) {
	parts, err := blocks(text)
	if err != nil {
		return nil, err
	}
	var chain []*x509.Certificate
	for _, part := range parts {
		switch {
		case part.Type == "CERTIFICATE REQUEST" || part.Type == "NEW CERTIFICATE REQUEST":
			return nil, errors.New("holds a request for a certificate, not one that was issued")
		case strings.HasSuffix(part.Type, "PRIVATE KEY"):
			return nil, errors.New("holds a private key, which would be served to nobody but stand beside the certificates: take it out")
		case part.Type != "CERTIFICATE":
			return nil, fmt.Errorf("holds a part %q, which is no certificate", part.Type)
		}
		cert, err := x509.ParseCertificate(part.Bytes)
		if err != nil {
			return nil, fmt.Errorf("holds a certificate that cannot be read, the part %d: %w", len(chain)+1, err)
		}
		chain = append(chain, cert)
	}
	if len(chain) == 0 {
		return nil, errors.New("holds no certificate in PEM")
	}
	return chain, nil
}

// publicKey reads a private key and gives its public half; an error completes the sentence
// "the file …".
func publicKey(text []byte) (crypto.PublicKey, error) {
	parts, err := blocks(text)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(parts, func(part *pem.Block) bool { return strings.HasSuffix(part.Type, "PRIVATE KEY") })
	if at < 0 {
		return nil, errors.New("holds no private key in PEM")
	}
	part := parts[at]
	if part.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(part.Headers["Proc-Type"], "ENCRYPTED") {
		return nil, errors.New("is encrypted, and nobody can type its passphrase when the ingress starts: write it without one (openssl pkey -in FILE -out PLAIN)")
	}
	var key any
	switch part.Type {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(part.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(part.Bytes)
	default:
		key, err = x509.ParsePKCS8PrivateKey(part.Bytes)
	}
	if err != nil {
		return nil, fmt.Errorf("holds a private key that cannot be read: %w", err)
	}
	private, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("holds a key that signs nothing (%T)", key)
	}
	return private.Public(), nil
}

// owner is the place in the chain of the certificate that has the public key; -1 without.
func owner(chain []*x509.Certificate, public crypto.PublicKey) int {
	comparable, ok := public.(interface{ Equal(crypto.PublicKey) bool })
	return slices.IndexFunc(chain, func(c *x509.Certificate) bool { return ok && comparable.Equal(c.PublicKey) })
}
