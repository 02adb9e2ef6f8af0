package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"
)

// ownCertificates is the configuration's list of n extra domains, each with a certificate of
// the user's own, which are written to the host.
func ownCertificates(t testing.TB, n int) string {
	t.Helper()
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "many domains"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 3, 0), KeyUsage: x509.KeyUsageCertSign}
	rootKey, rootText := signed(t, root, root, nil)
	const dir = "/etc/wiabctl/own"
	onHost(t, "rm -rf "+dir+" && install -d -m 700 "+dir)
	t.Cleanup(func() { onHost(t, "rm -rf "+dir) })
	list := "domains:\n"
	for i := range n {
		domain := fmt.Sprintf("d%03d.example.com", i)
		leaf := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 2)), Subject: pkix.Name{CommonName: domain},
			NotBefore: root.NotBefore, NotAfter: root.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
		for _, service := range []string{"nginz-https", "nginz-ssl", "webapp", "assets", "teams", "account"} {
			leaf.DNSNames = append(leaf.DNSNames, service+"."+domain)
		}
		key, text := signed(t, leaf, root, rootKey)
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		writeHost(t, dir+"/"+domain+".pem", text+rootText)
		writeHost(t, dir+"/"+domain+".key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
		list += fmt.Sprintf("  - {domain: %s, certificate: {cert: %s/%s.pem, key: %s/%s.key}}\n", domain, dir, domain, dir, domain)
	}
	return list
}

// signed makes a key and its certificate, in PEM; without a signer's key it signs itself.
func signed(t testing.TB, certificate, signer *x509.Certificate, by *ecdsa.PrivateKey) (*ecdsa.PrivateKey, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if by == nil {
		by = key
	}
	der, err := x509.CreateCertificate(rand.Reader, certificate, signer, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// manyDomains is how many extra domains an installation has here, and manyLimit how long a
// plan of it may take when nothing has changed.
const (
	manyDomains = 100
	manyLimit   = 3 * time.Second
)

// BenchmarkPlanOfManyDomains measures a plan that finds a hundred domains as configured. It
// starts no container, and so no helm.
func BenchmarkPlanOfManyDomains(b *testing.B) {
	installed(b)
	writeHost(b, configFile, freshConfig+ownCertificates(b, manyDomains))
	b.Cleanup(func() { installed(b) })
	began := time.Now()
	mustWiabctl(b, "up")
	b.Logf("a hundred domains were added in %s", time.Since(began).Round(time.Second))
	for b.Loop() {
		since := strings.TrimSpace(onHost(b, "date +%s.%N"))
		var all []time.Duration
		for range 5 {
			a := planned(b)
			if a.stdout != "0 changes to make\n" {
				b.Fatalf("plan: %s", a.stdout)
			}
			all = append(all, a.took)
		}
		if started := onHost(b, "docker events --since "+since+" --until $(date +%s.%N) --filter event=start --format '{{.Actor.Attributes.name}}'"); started != "" {
			b.Errorf("plan started containers:\n%s", started)
		}
		slices.Sort(all)
		median := all[len(all)/2]
		b.ReportMetric(median.Seconds(), "s")
		if median > manyLimit {
			b.Errorf("a plan of %d domains took %s at the median, the limit is %s: %v", manyDomains, median, manyLimit, all)
		}
	}
	for _, e := range events(b, mustWiabctl(b, "status", "--output", "json").stdout) {
		if e.Took > 100*time.Millisecond {
			b.Logf("%s: %s", e.Stage, e.Took)
		}
	}
}
