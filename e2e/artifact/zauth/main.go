// Command zauth stands in for wire-server's program of that name: called as
// "zauth -m gen-keypair" it prints a new Ed25519 key pair in the same form, the
// public key of 32 bytes and the secret one of 64 (seed and public key), both
// in padded base64url.
package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"slices"
)

func main() {
	if !slices.Equal(os.Args[1:], []string{"-m", "gen-keypair"}) {
		fmt.Fprintln(os.Stderr, "usage: zauth -m gen-keypair")
		os.Exit(2)
	}
	if err := genKeyPair(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "zauth:", err)
		os.Exit(1)
	}
}

// genKeyPair writes a new pair, a line for each key.
func genKeyPair(w io.Writer) error {
	public, secret, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "public: %s\nsecret: %s\n",
		base64.URLEncoding.EncodeToString(public), base64.URLEncoding.EncodeToString(secret))
	return err
}
