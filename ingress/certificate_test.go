package ingress

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func TestCertificateRead(t *testing.T) {
	const domain = "blue.example.net"
	a := newAuthority(t)
	soon := time.Now().Add(time.Hour)
	good := files(t, a.issue("blue", soon, Hosts(domain)...))
	other := files(t, a.issue("blue", soon, Hosts(domain)...))
	garbage := files(t, a.issue("blue", soon, Hosts(domain)...))
	if err := os.WriteFile(garbage.Cert, []byte("no PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		certificate Certificate
		problem     string // part of the error; empty if it is good
	}{
		"good":            {good, ""},
		"wildcard":        {files(t, a.issue("blue", soon, "*."+domain)), ""},
		"one name less":   {files(t, a.issue("blue", soon, Hosts(domain)[:5]...)), "account." + domain},
		"expired":         {files(t, a.issue("blue", time.Now().Add(-time.Hour), Hosts(domain)...)), "not now"},
		"another's key":   {Certificate{Cert: good.Cert, Key: other.Key}, "private key does not match"},
		"no certificate":  {garbage, "PEM"},
		"missing file":    {Certificate{Cert: good.Cert + "x", Key: good.Key}, "no such file"},
		"missing key":     {Certificate{Cert: good.Cert, Key: good.Key + "x"}, "no such file"},
		"of other domain": {files(t, a.issue("red", soon, Hosts("red.example.com")...)), domain},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cert, key, err := test.certificate.Read(domain, time.Now())
			if test.problem == "" {
				if err != nil || len(cert) == 0 || len(key) == 0 {
					t.Errorf("got %d and %d bytes, %v", len(cert), len(key), err)
				}
				return
			}
			if !errors.Is(err, CertificateUnusable.Failf("")) || !strings.Contains(err.Error(), test.problem) {
				t.Errorf("got %v, want certificate-unusable that says %q", err, test.problem)
			}
			if key != nil {
				t.Error("a key comes with the error")
			}
		})
	}
}
