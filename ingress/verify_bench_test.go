package ingress

import (
	"crypto/tls"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// BenchmarkVerify asks for a hundred domains, each with a certificate of its own of the kind that
// cert-manager orders: 700 handshakes and 1200 requests, with the server's part in it.
func BenchmarkVerify(b *testing.B) {
	const many = 100
	a := newAuthority(b)
	set := Set{Default: "green.example.org", SFT: "sftd.green.example.org"}
	pairs := map[string]*tls.Certificate{}
	var names []string
	for i := range many {
		d := Domain{Domain: fmt.Sprintf("d%d.example.com", i), Apps: apps}
		set.Extra, names = append(set.Extra, d), append(names, d.Domain)
		pair := a.issue("", time.Now().Add(time.Hour), Hosts(d.Domain)...)
		pairs[d.Domain] = &pair
	}
	sftd := a.issue("", time.Now().Add(time.Hour), set.SFT)
	pairs[set.Default] = &sftd
	server := httptest.NewUnstartedServer(newBackend())
	server.TLS = &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		_, domain, _ := strings.Cut(hello.ServerName, ".")
		return pairs[domain], nil
	}}
	server.StartTLS()
	b.Cleanup(server.Close)
	v := Verify{Set: set, Fixed: fixed, Address: server.Listener.Addr().String(), RootCAs: a.pool()}
	for b.Loop() {
		all, err := v.Domains(b.Context(), names)
		if err != nil {
			b.Fatal(err)
		}
		for _, seen := range all {
			if err := seen.Err(); err != nil {
				b.Fatalf("%s: %v", seen.Domain, err)
			}
		}
	}
	if each := b.Elapsed() / time.Duration(b.N); each > 10*time.Second {
		b.Errorf("%d domains took %s, ten seconds are allowed", many, each)
	}
}
