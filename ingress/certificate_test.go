package ingress

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

const certified = "blue.example.net"

// blueAndRed has a domain beside the certified one, one above it and one below it.
var blueAndRed = Set{Default: "example.net", Extra: []Domain{{Domain: certified}, {Domain: "red.example.com"}, {Domain: "shop." + certified}}}

func TestReadPair(t *testing.T) {
	a := newAuthority(t)
	b := a.under("between")
	soon := time.Now().Add(time.Hour)
	names := Hosts(certified)
	good := a.issue("blue", soon, names...)
	deep := b.issue("blue", soon, names...)
	deep.Certificate = append(deep.Certificate, a.cert.Raw)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		certificate Certificate
		roots       *x509.CertPool
	}{
		"with its root":             {files(t, good), nil},
		"by way of another":         {files(t, deep), nil},
		"the root is the client's":  {files(t, chained(deep, 0, 1)), a.pool()},
		"no way between":            {files(t, chained(good, 0)), a.pool()},
		"of nobody's domain too":    {files(t, a.issue("blue", soon, append([]string{certified, "www.blue.example.org"}, names...)...)), nil},
		"wildcard":                  {files(t, a.issue("blue", soon, "*."+certified)), nil},
		"RSA":                       {files(t, a.certify(rsaKey, &x509.Certificate{DNSNames: names, NotAfter: soon})), nil},
		"with a use":                {files(t, a.certify(newKey(t), &x509.Certificate{DNSNames: names, NotAfter: soon, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}})), nil},
		"self-signed":               {files(t, selfSigned(t, &x509.Certificate{DNSNames: names, NotAfter: soon})), nil},
		"words between the parts":   {written(t, slices.Concat([]byte("subject=blue\n"), chainOf(good), []byte("\nend\n")), keyOf(t, good)), nil},
		"key of the old kind":       {written(t, chainOf(good), oldKeyOf(t, good)), nil},
		"key with its parameters":   {written(t, chainOf(good), append(pemOf("EC PARAMETERS", []byte("x")), oldKeyOf(t, good)...)), nil},
		"key of RSA's own old kind": {rsaFiles(t, a, rsaKey), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := blueAndRed.ReadPair(own(test.certificate), time.Now(), test.roots)
			if err != nil || len(p.Cert) == 0 || len(p.Key) == 0 || len(p.Chain) == 0 {
				t.Errorf("got %d and %d bytes, %d certificates, %v", len(p.Cert), len(p.Key), len(p.Chain), err)
			}
		})
	}
}

func TestReadPairRefuses(t *testing.T) {
	a := newAuthority(t)
	b := a.under("between")
	telling := a.under("Authority of pki.red.example.com")
	soon, past := time.Now().Add(time.Hour), time.Now().Add(-time.Minute)
	names := Hosts(certified)
	good := a.issue("blue", soon, names...)
	deep := b.issue("blue", soon, names...)
	deep.Certificate = append(deep.Certificate, a.cert.Raw)
	cert, key := chainOf(good), keyOf(t, good)
	of := func(template *x509.Certificate) Certificate {
		template.NotAfter = soon
		if template.DNSNames == nil {
			template.DNSNames = names
		}
		return files(t, a.certify(newKey(t), template))
	}
	old := newAuthority(t)
	old.cert = nil
	old.cert = old.sign(&x509.Certificate{SerialNumber: a.cert.SerialNumber, Subject: a.cert.Subject, IsCA: true, BasicConstraintsValid: true, NotAfter: past}, &old.key.PublicKey)
	other := newAuthority(t) // bears the same name
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	_, curve, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	locked, err := x509.EncryptPEMBlock(rand.Reader, "EC PRIVATE KEY", []byte("x"), []byte("secret"), x509.PEMCipherAES256) //nolint:staticcheck // such keys exist
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		certificate Certificate
		says        []string
	}{
		"no such certificate":       {Certificate{Cert: "/nowhere/cert.pem", Key: written(t, cert, key).Key}, []string{"the certificate cannot be read", "no such file"}},
		"no such key":               {Certificate{Cert: written(t, cert, key).Cert, Key: "/nowhere/key.pem"}, []string{"the key cannot be read", "no such file"}},
		"no PEM":                    {written(t, good.Certificate[0], key), []string{"cert.pem holds no certificate in PEM"}},
		"a request":                 {written(t, pemOf("CERTIFICATE REQUEST", []byte("x")), key), []string{"request for a certificate"}},
		"the key beside it":         {written(t, append(bytes.Clone(key), cert...), key), []string{"cert.pem holds a private key"}},
		"another part":              {written(t, append(pemOf("X509 CRL", []byte("x")), cert...), key), []string{`a part "X509 CRL"`}},
		"no certificate in a part":  {written(t, append(bytes.Clone(cert), pemOf("CERTIFICATE", []byte("x"))...), key), []string{"cannot be read, the part 3"}},
		"cut off":                   {written(t, cert[:len(cert)-40], key), []string{"2 parts of PEM, of which 1"}},
		"key in no PEM":             {written(t, cert, []byte("key")), []string{"key.pem holds no private key in PEM"}},
		"encrypted key":             {written(t, cert, pemOf("ENCRYPTED PRIVATE KEY", []byte("x"))), []string{"key.pem is encrypted", "openssl pkey"}},
		"key encrypted the old way": {written(t, cert, pem.EncodeToMemory(locked)), []string{"key.pem is encrypted"}},
		"broken key":                {written(t, cert, pemOf("PRIVATE KEY", []byte("x"))), []string{"private key that cannot be read"}},
		"another's key":             {written(t, cert, keyOf(t, deep)), []string{"key.pem is no key of a certificate in"}},
		"not the first":             {files(t, chained(good, 1, 0)), []string{"belongs to certificate 2", "has to be the first"}},
		"no order":                  {files(t, chained(deep, 0, 2, 1)), []string{`issued by "CN=between", but what follows is certificate 2 (CN=tests)`}},
		"twice":                     {files(t, chained(good, 0, 0, 1)), []string{"certificate 1 (CN=blue) stands there twice"}},
		"issued by its namesake":    {files(t, tls.Certificate{Certificate: [][]byte{good.Certificate[0], other.cert.Raw}, PrivateKey: good.PrivateKey}), []string{"did not issue certificate 1 (CN=blue)"}},
		"chain ends early":          {files(t, chained(deep, 0)), []string{"not complete", "ends with certificate 1 (CN=blue)", `"CN=between"`}},
		"root is nobody's":          {files(t, chained(deep, 0, 1)), []string{"not complete", "ends with certificate 2 (CN=between)", `"CN=tests"`}},
		"expired":                   {files(t, a.issue("blue", past, names...)), []string{"certificate 1 (CN=blue) ended on"}},
		"issuer expired":            {files(t, old.issue("blue", soon, names...)), []string{"certificate 2 (CN=tests) ended on"}},
		"of the future":             {of(&x509.Certificate{NotBefore: time.Now().Add(time.Minute)}), []string{"certificate 1 () begins on"}},
		"one name less":             {files(t, a.issue("blue", soon, names[:5]...)), []string{"it does not cover account." + certified}},
		"other domain":              {files(t, a.issue("red", soon, Hosts("red.example.com")...)), []string{"it does not cover " + strings.Join(names, ", ")}},
		"the domain alone":          {files(t, a.issue("blue", soon, certified)), []string{"it does not cover nginz-https."}},
		"common name only":          {files(t, a.issue("*."+certified, soon)), []string{"names no host"}},
		"an authority's":            {of(&x509.Certificate{IsCA: true, BasicConstraintsValid: true}), []string{"certificate authority's"}},
		"for clients":               {of(&x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}), []string{"lacks serverAuth"}},
		"weak key":                  {files(t, a.certify(weak, &x509.Certificate{DNSNames: names, NotAfter: soon})), []string{"1024 bits"}},
		"key of a new kind":         {files(t, a.certify(curve, &x509.Certificate{DNSNames: names, NotAfter: soon})), []string{"Ed25519"}},
		"of two domains":            {files(t, a.issue("blue", soon, append(Hosts("red.example.com"), names...)...)), []string{"it names account.red.example.com, ", "webapp.red.example.com too, ", "its own names alone"}},
		"of two wildcards":          {files(t, a.issue("blue", soon, "*."+certified, "*.red.example.com")), []string{"it names red.example.com too"}},
		"named after another":       {files(t, a.issue("Red.example.com", soon, names...)), []string{"it names red.example.com too"}},
		"organized by another":      {of(&x509.Certificate{Subject: pkix.Name{Organization: []string{"Red (red.example.com)"}}}), []string{"it names red.example.com too"}},
		"issued by another's":       {files(t, telling.issue("blue", soon, names...)), []string{"it names pki.red.example.com too"}},
		"revoked at another's":      {of(&x509.Certificate{CRLDistributionPoints: []string{"http://crl.red.example.com/1.crl"}}), []string{"it names crl.red.example.com too"}},
		"asked about at another's":  {of(&x509.Certificate{OCSPServer: []string{"http://ocsp.red.example.com"}, IssuingCertificateURL: []string{"http://ca.red.example.com/ca.crt"}}), []string{"it names ca.red.example.com, ocsp.red.example.com too"}},
		"of another's mail":         {of(&x509.Certificate{EmailAddresses: []string{"ops@red.example.com"}}), []string{"it names red.example.com too"}},
		"of another's address":      {of(&x509.Certificate{URIs: []*url.URL{{Scheme: "https", Host: "webapp.red.example.com"}}}), []string{"it names webapp.red.example.com too"}},
		"of the domain above":       {files(t, a.issue("blue", soon, append([]string{"*.example.net"}, names...)...)), []string{"it names example.net too"}},
		"of the domain below":       {files(t, a.issue("blue", soon, append([]string{"webapp.shop." + certified}, names...)...)), []string{"it names webapp.shop." + certified + " too"}},
		"two problems":              {files(t, a.issue("blue", past, names[1:]...)), []string{"ended on", "does not cover nginz-https."}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := blueAndRed.ReadPair(own(test.certificate), time.Now(), nil)
			if !errors.Is(err, CertificateUnusable.Failf("")) {
				t.Fatalf("got %v, want certificate-unusable", err)
			}
			for _, say := range append(test.says, certified) {
				if !strings.Contains(err.Error(), say) {
					t.Errorf("got %q, want it to say %q", err, say)
				}
			}
			if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "PRIVATE KEY-----") {
				t.Errorf("more than a line, or a key: %q", err)
			}
			if p.Key != nil {
				t.Error("a key comes with the error")
			}
		})
	}
}

func TestReadPairOfApps(t *testing.T) {
	d := own(files(t, newAuthority(t).issue("blue", time.Now().Add(time.Hour), Hosts(certified)[:5]...)))
	d.Apps = []App{Webapp, Teams}
	if _, err := blueAndRed.ReadPair(d, time.Now(), nil); err != nil {
		t.Errorf("a host that is not served need not be covered: %v", err)
	}
}

func TestSharedKeys(t *testing.T) {
	a := newAuthority(t)
	key, soon := newKey(t), time.Now().Add(time.Hour)
	pairs := map[string]Pair{}
	set := Set{Default: "example.net"}
	for _, domain := range []string{"red.example.com", "pink.example.org", "blue.example.net", "grey.example.org", "lets.example.org"} {
		var d Domain
		switch domain {
		case "pink.example.org":
			d = Domain{Domain: domain, Certificate: files(t, a.issue("", soon, Hosts(domain)...))}
		case "lets.example.org":
			d = Domain{Domain: domain}
		default:
			d = Domain{Domain: domain, Certificate: files(t, a.certify(key, &x509.Certificate{DNSNames: Hosts(domain), NotAfter: soon}))}
		}
		d.defaults()
		set.Extra = append(set.Extra, d)
	}
	for _, d := range set.Extra[:4] {
		p, err := set.ReadPair(d, time.Now(), nil)
		if err != nil {
			t.Fatal(err)
		}
		pairs[d.Domain] = p
	}
	err := set.SharedKeys(pairs)
	if !errors.Is(err, CertificateUnusable.Failf("")) {
		t.Fatalf("got %v, want certificate-unusable", err)
	}
	lines := strings.Split(err.Error(), "\n")
	for i, domain := range []string{"blue.example.net", "grey.example.org"} {
		if len(lines) != 2 || !strings.HasPrefix(lines[i], domain+": the key in "+set.Extra[i+2].Certificate.Key+" is also that of red.example.com, ") {
			t.Errorf("got\n%v\nwant a line of each of two domains, %s among them", err, domain)
		}
	}
	delete(pairs, "red.example.com")
	delete(pairs, "grey.example.org")
	if err := set.SharedKeys(pairs); err != nil {
		t.Errorf("each its own: %v", err)
	}
}

func TestExposed(t *testing.T) {
	tests := map[string]struct {
		mode os.FileMode
		told bool
	}{
		"its owner's": {0o600, false}, "a group's": {0o640, false}, "everybody's": {0o644, true}, "everybody's but its owner's": {0o004, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := own(written(t, nil, nil))
			if err := os.Chmod(d.Certificate.Key, test.mode); err != nil {
				t.Fatal(err)
			}
			if err := d.Exposed(); errors.Is(err, KeyExposed.Failf("")) != test.told {
				t.Errorf("got %v", err)
			}
		})
	}
	if err := (Domain{Certificate: Certificate{}}).Exposed(); err != nil {
		t.Errorf("without a key of its own: %v", err)
	}
}

// own is a domain with that certificate.
func own(c Certificate) Domain {
	d := Domain{Domain: certified, Certificate: c}
	d.defaults()
	return d
}

// chained is the pair with these certificates of its chain, in that order.
func chained(pair tls.Certificate, which ...int) tls.Certificate {
	var chain [][]byte
	for _, i := range which {
		chain = append(chain, pair.Certificate[i])
	}
	pair.Certificate = chain
	return pair
}

// selfSigned is a certificate that nobody else has signed.
func selfSigned(t *testing.T, template *x509.Certificate) tls.Certificate {
	t.Helper()
	a := &authority{t: t, key: newKey(t)}
	template.SerialNumber = newAuthority(t).cert.SerialNumber
	return tls.Certificate{Certificate: [][]byte{a.sign(template, &a.key.PublicKey).Raw}, PrivateKey: a.key}
}

func chainOf(pair tls.Certificate) []byte {
	var chain []byte
	for _, one := range pair.Certificate {
		chain = append(chain, pemOf("CERTIFICATE", one)...)
	}
	return chain
}

func keyOf(t *testing.T, pair tls.Certificate) []byte {
	t.Helper()
	content, err := os.ReadFile(files(t, pair).Key)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// oldKeyOf is the key as SEC 1 has it.
func oldKeyOf(t *testing.T, pair tls.Certificate) []byte {
	t.Helper()
	der, err := x509.MarshalECPrivateKey(pair.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	return pemOf("EC PRIVATE KEY", der)
}

func rsaFiles(t *testing.T, a *authority, key *rsa.PrivateKey) Certificate {
	t.Helper()
	pair := a.certify(key, &x509.Certificate{DNSNames: Hosts(certified), NotAfter: time.Now().Add(time.Hour)})
	return written(t, chainOf(pair), pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)))
}
