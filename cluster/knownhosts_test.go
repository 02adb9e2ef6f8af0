package cluster

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// newKeys are one key of each type.
func newKeys(t *testing.T) (ed25519, ecdsaKey, rsaKey ssh.Signer) {
	t.Helper()
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	primes, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	if ecdsaKey, err = ssh.NewSignerFromKey(curve); err != nil {
		t.Fatal(err)
	}
	if rsaKey, err = ssh.NewSignerFromKey(primes); err != nil {
		t.Fatal(err)
	}
	return newKey(t), ecdsaKey, rsaKey
}

func TestKnownHosts(t *testing.T) {
	ed25519, curve, primes := newKeys(t)
	line := func(key ssh.Signer, host string) string {
		return knownhosts.Line([]string{host}, key.PublicKey()) + "\n"
	}
	for _, tc := range []struct {
		name, file string
		want       ssh.Signer // nil: refused
	}{
		{"by address", line(ed25519, "10.0.0.21"), ed25519},
		{"by name", line(ed25519, "kubenode1"), ed25519},
		{"hashed", line(ed25519, knownhosts.HashHostname("10.0.0.21")), ed25519},
		{"the best of several", line(primes, "10.0.0.21") + line(curve, "10.0.0.21") + line(ed25519, "10.0.0.21"), ed25519},
		{"RSA alone", line(primes, "10.0.0.21"), primes},
		{"the address before the name", line(ed25519, "kubenode1") + line(curve, "10.0.0.21"), curve},
		{"another host's", line(ed25519, "10.0.0.22"), nil},
		{"another port's", line(ed25519, "[10.0.0.21]:2222"), nil},
		{"revoked", "@revoked * " + strings.TrimPrefix(line(ed25519, "x"), "x ") + line(ed25519, "10.0.0.21"), nil},
		{"revoked, with another", "@revoked * " + strings.TrimPrefix(line(ed25519, "x"), "x ") + line(ed25519, "10.0.0.21") + line(curve, "10.0.0.21"), curve},
		{"no known_hosts", "10.0.0.21\n", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "known_hosts")
			if err := os.WriteFile(file, []byte("# ours\n"+tc.file), 0o600); err != nil {
				t.Fatal(err)
			}
			key, err := KnownHosts{file}.Key("10.0.0.21:22", "kubenode1")
			switch {
			case tc.want == nil && err == nil:
				t.Errorf("accepted %s", ssh.FingerprintSHA256(key))
			case tc.want != nil && err != nil:
				t.Error(err)
			case tc.want != nil && ssh.FingerprintSHA256(key) != ssh.FingerprintSHA256(tc.want.PublicKey()):
				t.Errorf("got a %s key, want %s", key.Type(), tc.want.PublicKey().Type())
			}
		})
	}
	if _, err := (KnownHosts{"/nowhere"}).Key("10.0.0.21:22", "kubenode1"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// Servers that prove themselves by RSA are reached too, with its newer algorithms.
func TestDialByRSA(t *testing.T) {
	_, _, primes := newKeys(t)
	userKey := newKey(t)
	config := &ssh.ServerConfig{PublicKeyCallback: func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) { return nil, nil }}
	modern, err := ssh.NewSignerWithAlgorithms(primes.(ssh.AlgorithmSigner), []string{ssh.KeyAlgoRSASHA512})
	if err != nil {
		t.Fatal(err)
	}
	config.AddHostKey(modern) // as OpenSSH since 8.8
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		if conn, err := listener.Accept(); err == nil {
			serveConn(conn, config)
		}
	}()
	client, err := Target{Name: "test host", Address: listener.Addr().String(), User: "demo", Key: userKey, HostKey: primes.PublicKey()}.Dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	client.Close()
}
