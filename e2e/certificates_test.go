package e2e

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"wiabctl/e2e/lab"
	"wiabctl/e2e/lab/names"
)

// TestACME has a real cert-manager ask a real ACME server for the certificates of two
// domains: its own check goes from a kubenode through the hairpin, the server's through the
// public address. Where either does not come through, wiabctl says which, and soon.
func TestACME(t *testing.T) {
	standing(t)
	issued(t, green)

	// Of a domain that was here before, cert-manager finds the certificate.
	const lime = "lime.example.org"
	before := readHost(t, configFile)
	if !strings.Contains(before, "domains:\n") {
		before += "domains:\n"
	}
	config := before + "  - {domain: " + lime + "}\n"
	writeHost(t, configFile, config+"network: {hairpin: never}\n")
	bridgeNF(t, "0")
	a := wiabctl(t, "up")
	if a.code != 105 || !strings.Contains(a.stderr, "kubenode1 does not reach the public address 203.0.113.10:80") || !strings.Contains(a.stderr, "network.hairpin: never") {
		t.Errorf("without the hairpin: exit %d", a.code)
	}
	if a.took > time.Minute {
		t.Errorf("what cannot come was waited for: %s", a.took)
	}

	writeHost(t, configFile, config)
	closePort80(t, true)
	t.Cleanup(func() { closePort80(t, false) })
	a = wiabctl(t, "up")
	if a.code != 104 || !strings.Contains(a.stderr, "does not get through to port 80 from the internet") || !strings.Contains(a.stderr, "at once with the next `wiabctl up`") {
		t.Errorf("without the way in: exit %d", a.code)
	}

	closePort80(t, false)
	a = mustWiabctl(t, "up")
	if want := "restart certificate lime-example-org-csr"; !strings.Contains(a.stdout, want) {
		t.Errorf("up did not %s", want)
	}
	answers(t, green, lime)
	issued(t, lime)
	if status := mustWiabctl(t, "network", "hairpin", "status").stdout; !strings.HasPrefix(status, "always: in force, ") || strings.Contains(status, " 0 connections") {
		t.Errorf("the check of cert-manager did not take the hairpin: %s", status)
	}
}

// TestStaging takes a domain's certificate from Let's Encrypt's staging server, which nobody trusts,
// and then from the one that everybody does.
func TestStaging(t *testing.T) {
	long(t)
	installed(t)
	const mint = "mint.example.org"
	writeHost(t, configFile, freshConfig+"domains:\n  - {domain: "+mint+", certificate: {staging: true}}\n")
	mustWiabctl(t, "up")
	staging, err := theLab.StagingClient()
	if err != nil {
		t.Fatal(err)
	}
	if err := deeplinkProblem(t.Context(), staging, mint); err != nil {
		t.Error(err)
	}
	silent(t, mint) // to those who trust what everybody trusts
	if err := deeplinkProblem(t.Context(), staging, green); err == nil {
		t.Errorf("the certificate of %s is the staging server's", green)
	}
	saysEach(t, mustWiabctl(t, "domain", "show", mint).stdout, "staging, until 2")
	unchanged(t)

	installed(t, mint)
	answers(t, mint, green)
	issued(t, mint)
	unchanged(t)
}

// TestDNS01 has a domain proven by records that cert-manager writes into its zone, on a real name
// server: nothing of it is asked for over HTTP, which does not come through at all.
func TestDNS01(t *testing.T) {
	long(t)
	installed(t)
	const plum, key = "plum.example.org", "plum-key"
	zone := lab.Dynamic{Zone: plum + ".", Key: key, Secret: base64.StdEncoding.EncodeToString([]byte(rand.Text()))}
	for _, host := range sixHosts(plum) {
		zone.Records = append(zone.Records, host+". A "+lab.WAN)
	}
	if err := theLab.Serve(t.Context(), zone); err != nil {
		t.Fatal(err)
	}
	delegated(t, zone)
	kube(t, "kubebox kubectl --namespace cert-manager-ns create secret generic plum-tsig --from-literal=secret="+zone.Secret)
	t.Cleanup(func() { kube(t, "kubebox kubectl --namespace cert-manager-ns delete secret plum-tsig") })
	closePort80(t, true)
	t.Cleanup(func() { closePort80(t, false) })
	writeHost(t, configFile, freshConfig+fmt.Sprintf(`domains:
  - domain: %s
    certificate:
      solvers:
        - dns01: {rfc2136: {nameserver: "%s:53", tsigKeyName: %s, tsigAlgorithm: HMACSHA256, tsigSecretSecretRef: {name: plum-tsig, key: secret}}}
`, plum, lab.Dynamics, key))
	mustWiabctl(t, "up")
	answers(t, green, plum)
	issued(t, plum)
	eventually(t, time.Minute, func(context.Context) error { // cert-manager takes the records back one by one
		if challenges := kube(t, "kubebox kubectl get challenges --all-namespaces --output name"); challenges != "" {
			return fmt.Errorf("there are left %s", challenges)
		}
		return nil
	})
	saysEach(t, mustWiabctl(t, "domain", "show", plum).stdout, "solvers, until 2")
	unchanged(t)
	installed(t)
}

// delegated has the zone's names asked of the server that is in charge of it.
func delegated(t testing.TB, zone lab.Dynamic) {
	t.Helper()
	t.Cleanup(func() {
		if err := theLab.Names(names.Differences{}); err != nil {
			t.Error(err)
		}
	})
	if err := theLab.Names(names.Differences{Records: zone.Delegation()}); err != nil {
		t.Fatal(err)
	}
}

// closePort80 keeps the ACME server from port 80 of the public address, as somebody's
// firewall before this host would, or no longer.
func closePort80(t testing.TB, closed bool) {
	t.Helper()
	rules := "table ip closed {}\ndelete table ip closed\n"
	if closed {
		rules += "table ip closed {\n chain output {\n type filter hook output priority 0\n ip daddr 203.0.113.10 tcp dport 80 reject with tcp reset\n }\n}\n"
	}
	nft := theLab.Internet(cleanable(t), "nft", "-f", "-")
	nft.Stdin = strings.NewReader(rules)
	if said, err := nft.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
}

// issued demands that the domain shows a certificate of the lab's ACME server.
func issued(t testing.TB, domain string) {
	t.Helper()
	client := internetClient(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodHead, "https://webapp."+domain+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if by := fmt.Sprint(resp.TLS.PeerCertificates[0].Issuer); !strings.Contains(by, "Pebble") {
		t.Errorf("%s shows a certificate of %s", domain, by)
	}
}
