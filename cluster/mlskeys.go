package cluster

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"strings"
)

// mlsSignatures are the schemes for which galley has a key that signs the removal of
// clients, as its values name them.
func mlsSignatures() []string {
	return []string{"ed25519", "ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384", "ecdsa_secp521r1_sha512"}
}

// mlsProblem tells why a text is no key for the scheme; empty if it is: PKCS #8 in PEM.
func mlsProblem(signature, text string) string {
	block, rest := pem.Decode([]byte(text))
	if block == nil || block.Type != "PRIVATE KEY" || strings.TrimSpace(string(rest)) != "" {
		return "it is no single PEM block of type PRIVATE KEY"
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return "it is no PKCS #8 key"
	}
	is := "something else"
	switch key := key.(type) {
	case ed25519.PrivateKey:
		is = "ed25519"
	case *ecdsa.PrivateKey:
		curves := map[elliptic.Curve]string{
			elliptic.P256(): "ecdsa_secp256r1_sha256", elliptic.P384(): "ecdsa_secp384r1_sha384", elliptic.P521(): "ecdsa_secp521r1_sha512",
		}
		is = cmp.Or(curves[key.Curve], is)
	}
	if is != signature {
		return "it is a key for " + is
	}
	return ""
}
