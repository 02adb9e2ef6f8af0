package e2e

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ownDir is where certificates that are brought along stand on the host, each with its key.
const ownDir = "/root/own"

// own writes a certificate of the lab's authority for the hosts, and its key, and returns its
// serial number.
func own(t testing.TB, name string, expires time.Time, hosts ...string) *big.Int {
	t.Helper()
	authority, err := tls.LoadX509KeyPair(filepath.Join(theLab.Dir(), "ca", "ca.crt"), filepath.Join(theLab.Dir(), "ca", "ca.key"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: hosts,
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: expires}
	der, err := x509.CreateCertificate(rand.Reader, template, authority.Leaf, key.Public(), authority.PrivateKey.(crypto.Signer))
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	onHost(t, fmt.Sprintf("mkdir -p %s; cd %s; : >%s.key; chmod 600 %s.key", ownDir, ownDir, name, name))
	writeHost(t, ownDir+"/"+name+".pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	writeHost(t, ownDir+"/"+name+".key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	return template.SerialNumber
}

// sixHosts are the names of a domain.
func sixHosts(domain string) []string {
	var hosts []string
	for _, service := range []string{"nginz-https", "nginz-ssl", "webapp", "assets", "teams", "account"} {
		hosts = append(hosts, service+"."+domain)
	}
	return hosts
}

// shows is the serial number of the certificate that a host shows outside.
func shows(t testing.TB, host string) *big.Int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodHead, "https://"+host+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := internetClient(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.TLS.PeerCertificates[0].SerialNumber
}

// TestOwnCertificates brings a certificate along: what a client would refuse is refused before
// anything changes, what is served follows the files, and nobody else ever gets to read the key.
func TestOwnCertificates(t *testing.T) {
	standing(t)
	const violet = "violet.example.org"
	now := time.Now().UTC() // as on the lab's host
	year := now.AddDate(1, 0, 0)
	names := sixHosts(violet)
	own(t, "other", year, names...)
	own(t, "expired", time.Now().Add(-time.Hour), names...)
	own(t, "five", year, names[:5]...)
	serial := own(t, "violet", year, names...)
	onHost(t, "openssl version >/dev/null && cd "+ownDir+" && openssl pkey -in violet.key -aes256 -passout pass:x -out locked.key && cp violet.pem locked.pem && "+
		"cp violet.pem mixed.pem && cp other.key mixed.key && cat violet.pem expired.pem >chain.pem && cp violet.key chain.key")
	before := readHost(t, configFile) + revisions(t)
	for name, says := range map[string]string{
		"expired": "ended on", "five": "does not cover account." + violet, "locked": "is encrypted", "mixed": "is no key of a certificate", "chain": "what follows is certificate 2 (CN=expired)", "absent": "no such file",
	} {
		refuses(t, 71, []string{"certificate-unusable", says}, "add-domain", violet, "--cert", ownDir+"/"+name+".pem", "--key", ownDir+"/"+name+".key")
	}
	same(t, "what was refused changed something", before, readHost(t, configFile)+revisions(t))

	mustWiabctl(t, "add-domain", violet, "--cert", ownDir+"/violet.pem", "--key", ownDir+"/violet.key")
	answers(t, green, violet)
	for _, host := range names {
		if got := shows(t, host); got.Cmp(serial) != 0 {
			t.Errorf("%s shows certificate %d, not %d", host, got, serial)
		}
	}
	keptFromOthers(t, "violet")
	saysEach(t, mustWiabctl(t, "status").stdout, violet+"'s own until "+year.Format(time.DateOnly))

	// Another certificate in the same files is noticed, and deploys this release alone.
	before = onlyOthers(revisions(t))
	onHost(t, "chmod 644 "+ownDir+"/violet.key")
	renewed := own(t, "violet", now.AddDate(0, 0, 10), names...)
	onHost(t, "chmod 644 "+ownDir+"/violet.key")
	plan := planned(t).stdout
	saysEach(t, plan, "update release nginx-ingress-services-violet: its values differ at secrets.tlsWildcardCert and 1 more", "[key-exposed]")
	if strings.Count(plan, "update ") != 1 || strings.Contains(plan, "BEGIN") {
		t.Errorf("the plan is\n%s", plan)
	}
	mustWiabctl(t, "up")
	if got := shows(t, names[0]); got.Cmp(renewed) != 0 {
		t.Errorf("%s shows certificate %d, not the new one, %d", names[0], got, renewed)
	}
	same(t, "other releases were deployed anew", before, onlyOthers(revisions(t)))
	keptFromOthers(t, "violet")
	refuses(t, 114, []string{"not well: certificates"}, "status")
	if list := mustWiabctl(t, "domain", "list").stdout; !strings.Contains(list, "own          "+now.AddDate(0, 0, 10).Format(time.DateOnly)) {
		t.Errorf("the list is\n%s", list)
	}

	mustWiabctl(t, "remove-domain", violet)
	silent(t, violet)
	if left := onHost(t, "grep -rl 'PRIVATE KEY' "+deployDir+"/wiab | grep -v snapshots || true"); strings.Contains(left, "violet") {
		t.Errorf("the key is still in %s", left)
	}
	unchanged(t)
}

// onlyOthers are the releases without violet's.
func onlyOthers(revisions string) string {
	var others strings.Builder
	for line := range strings.Lines(revisions) {
		if !strings.HasPrefix(line, "nginx-ingress-services-violet ") {
			others.WriteString(line)
		}
	}
	return others.String()
}

// keptFromOthers demands that a key stands nowhere on the host but in files of their owners alone.
func keptFromOthers(t testing.TB, name string) {
	t.Helper()
	found := onHost(t, fmt.Sprintf(`key=$(sed -n 2p %s/%s.key); { grep -rlF -e "$key" -e "$(sed -n 2p %s/%s.key | base64 -w0 | head -c 60)" /home /tmp /run /var/lib/wiabctl /var/log /etc /var/tmp 2>/dev/null || true; } \
  | while read -r file; do stat -c '%%a %%n' "$file"; done`, ownDir, name, ownDir, name))
	if !strings.Contains(found, "wiab/releases/nginx-ingress-services-"+name+"/secrets.yaml") {
		t.Errorf("the key was looked for, and is not even where it belongs: %q", found)
	}
	for line := range strings.Lines(found) {
		if !strings.HasPrefix(line, "600 ") {
			t.Errorf("others may read the key: %s", line)
		}
	}
}
