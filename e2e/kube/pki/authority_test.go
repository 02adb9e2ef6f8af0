package pki_test

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
	"time"

	"wiabctl/e2e/kube/pki"
)

func newAuthority(t *testing.T) (*pki.Authority, pki.Pair) {
	t.Helper()
	ca, pair, err := pki.NewAuthority("test")
	if err != nil {
		t.Fatal(err)
	}
	return ca, pair
}

func TestIssue(t *testing.T) {
	ca, _ := newAuthority(t)
	end := time.Now().Add(time.Hour).Truncate(time.Second)
	pair, err := ca.Issue(x509.Certificate{
		DNSNames: []string{"a.example.org"}, NotAfter: end, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		t.Fatal(err)
	}
	cert, err := tls.X509KeyPair(pair.Cert, pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cert.Leaf.Verify(x509.VerifyOptions{Roots: ca.Pool(), DNSName: "a.example.org"}); err != nil {
		t.Errorf("the authority's own certificate is not accepted: %v", err)
	}
	if cert.Leaf.IsCA {
		t.Error("the certificate could sign others")
	}
	if !cert.Leaf.NotAfter.Equal(end) {
		t.Errorf("ends %s, want %s", cert.Leaf.NotAfter, end)
	}
	if !cert.Leaf.NotBefore.Before(time.Now().Add(-time.Hour)) {
		t.Errorf("begins %s: a guest whose clock lags would refuse it", cert.Leaf.NotBefore)
	}
}

func TestIssueIsNotTrustedByAnother(t *testing.T) {
	ca, _ := newAuthority(t)
	other, _ := newAuthority(t)
	pair, err := ca.Issue(x509.Certificate{DNSNames: []string{"a.example.org"}})
	if err != nil {
		t.Fatal(err)
	}
	cert, err := tls.X509KeyPair(pair.Cert, pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	if cert.Leaf.CheckSignatureFrom(other.Cert) == nil {
		t.Error("an authority of the same name accepts it")
	}
}

func TestWriteAndReadAuthority(t *testing.T) {
	ca, pair := newAuthority(t)
	base := filepath.Join(t.TempDir(), "ca")
	if err := pair.Write(base); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(base + ".key")
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("the key's mode is %o", mode)
	}
	read, err := pki.ReadAuthority(base+".crt", base+".key")
	if err != nil {
		t.Fatal(err)
	}
	if !read.Cert.Equal(ca.Cert) {
		t.Error("another certificate came back")
	}
}

func TestReadAuthorityRefuses(t *testing.T) {
	ca, _ := newAuthority(t)
	leaf, err := ca.Issue(x509.Certificate{DNSNames: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	base := filepath.Join(t.TempDir(), "leaf")
	if err := leaf.Write(base); err != nil {
		t.Fatal(err)
	}
	if _, err := pki.ReadAuthority(base+".crt", base+".key"); err == nil {
		t.Error("a certificate that may not sign was taken for an authority")
	}
	if _, err := pki.ReadAuthority(base+".none", base+".key"); err == nil {
		t.Error("a missing file was accepted")
	}
}
