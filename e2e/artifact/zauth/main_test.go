package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// TestGenKeyPair signs with the printed secret key and verifies with the public one.
func TestGenKeyPair(t *testing.T) {
	var out strings.Builder
	if err := genKeyPair(&out); err != nil {
		t.Fatal(err)
	}
	var texts [2]string
	if _, err := fmt.Sscanf(out.String(), "public: %s\nsecret: %s\n", &texts[0], &texts[1]); err != nil {
		t.Fatalf("%v in %q", err, out.String())
	}
	var keys [2][]byte
	for i, text := range texts {
		key, err := base64.URLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		keys[i] = key
	}
	public, secret := ed25519.PublicKey(keys[0]), ed25519.PrivateKey(keys[1])
	if len(public) != ed25519.PublicKeySize || len(secret) != ed25519.PrivateKeySize || !bytes.HasSuffix(secret, public) {
		t.Fatalf("the keys have %d and %d bytes", len(public), len(secret))
	}
	if !ed25519.Verify(public, []byte("token"), ed25519.Sign(secret, []byte("token"))) {
		t.Error("the keys do not match")
	}
}
