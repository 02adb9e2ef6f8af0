package cluster

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"
)

// zauthProblem tells why zauth's keys are no pairs; empty if they are. Each is padded
// base64url: a public one of 32 bytes, a private one of 64, the seed and then the
// public key (contract section 8.2). Several stand on lines of their own.
func zauthProblem(public, private string) string {
	publics, privates := strings.Fields(public), strings.Fields(private)
	if len(publics) != len(privates) || len(publics) == 0 {
		return fmt.Sprintf("%d public keys for %d private ones", len(publics), len(privates))
	}
	for i := range publics {
		if problem := zauthPairProblem(publics[i], privates[i]); problem != "" {
			return fmt.Sprintf("pair %d: %s", i+1, problem)
		}
	}
	return ""
}

func zauthPairProblem(public, private string) string {
	known, err := base64.URLEncoding.DecodeString(public)
	if err != nil || len(known) != ed25519.PublicKeySize {
		return "the public key is not padded base64url of 32 bytes"
	}
	secret, err := base64.URLEncoding.DecodeString(private)
	if err != nil || len(secret) != ed25519.PrivateKeySize {
		return "the private key is not padded base64url of 64 bytes"
	}
	// A pair of halves that belong to other seeds would sign what nobody can verify.
	whole := ed25519.NewKeyFromSeed(secret[:ed25519.SeedSize])
	switch {
	case !bytes.Equal(whole, secret):
		return "the private key's second half is not the public key of its first, the seed"
	case !bytes.Equal(whole[ed25519.SeedSize:], known):
		return "the public key is not that of the private one"
	}
	return ""
}
