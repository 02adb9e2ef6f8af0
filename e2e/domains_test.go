package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// shops are domains with certificates that are brought along, as a list for add-domain.
func shops(t testing.TB, from, to int) (domains []string, list string) {
	t.Helper()
	for n := from; n <= to; n++ {
		name := fmt.Sprintf("shop%02d", n)
		domain := name + ".example.net"
		own(t, name, time.Now().AddDate(1, 0, 0), sixHosts(domain)...)
		domains = append(domains, domain)
		list += fmt.Sprintf("- domain: %s\n  certificate: {cert: %s/%s.pem, key: %s/%s.key}\n", domain, ownDir, name, ownDir, name)
	}
	return domains, list
}

// addShops adds domains by a list, in one go.
func addShops(t testing.TB, list string) answer {
	t.Helper()
	writeHost(t, "/root/shops.yaml", list)
	return mustWiabctl(t, "add-domain", "--file", "/root/shops.yaml")
}

// revisionsOf are the revisions of releases, by release.
func revisionsOf(t testing.TB) map[string]string {
	t.Helper()
	all := map[string]string{}
	for line := range strings.Lines(revisions(t)) {
		if fields := strings.Fields(line); len(fields) > 2 {
			all[fields[0]] = fields[1] + " " + fields[2]
		}
	}
	return all
}

// rolledOnce demands that what knows of all domains was rolled out once since, each new domain's
// release is new, and all else is as it was.
func rolledOnce(t testing.TB, before map[string]string, added, removed []string) {
	t.Helper()
	after := revisionsOf(t)
	name := func(domain string) string { return "nginx-ingress-services-" + strings.Split(domain, ".")[0] }
	for release, was := range before {
		want := was
		switch {
		case slices.Contains([]string{"wire-server", "webapp", "sftd", "account-pages"}, release):
			var revision int
			if _, err := fmt.Sscanf(was, "%d deployed", &revision); err != nil {
				t.Fatalf("%s is %s", release, was)
			}
			want = fmt.Sprintf("%d deployed", revision+1)
			if release == "account-pages" && after[release] == was {
				want = was // its version may not know of domains
			}
		case slices.ContainsFunc(removed, func(d string) bool { return name(d) == release }):
			want = ""
		}
		if after[release] != want {
			t.Errorf("%s went from %q to %q, want %q", release, was, after[release], want)
		}
		delete(after, release)
	}
	for _, d := range added {
		if got := after[name(d)]; got != "1 deployed" {
			t.Errorf("the release of %s is %q", d, got)
		}
		delete(after, name(d))
	}
	if len(after) > 0 {
		t.Errorf("there are more releases: %v", after)
	}
}

// TestManyDomains adds domains, one, three and many in one go, and soaking ten more one by one, removes some in
// the middle and lets the script run again that forgets them all: whatever their number, the backend is rolled
// out once each time, no other domain is touched, and green always answers.
func TestManyDomains(t *testing.T) {
	long(t)
	installed(t)
	steps := []int{1, 4, 10} // how many there are after each addition
	if soaking() {
		steps = []int{1, 4, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50}
	}
	all, list := shops(t, 1, steps[len(steps)-1])
	items := strings.SplitAfter(list, "}\n")
	stop := watch(t, green)
	from := 0
	for _, to := range steps {
		before := revisionsOf(t)
		a := addShops(t, strings.Join(items[from:to], ""))
		t.Logf("%d domains in one go: %s", to-from, a.took.Round(time.Second))
		rolledOnce(t, before, all[from:to], nil)
		answers(t, all[:to]...)
		from = to
	}
	unchanged(t)

	// A list that collides, or holds what is no domain, changes nothing.
	config := readHost(t, configFile)
	writeHost(t, "/root/shops.yaml", "- domain: shop01.example.org\n- domain: co.uk\n- domain: webapp."+green+"\n")
	refuses(t, 10, []string{"line 2: [1].domain: \"co.uk\" is a public suffix"}, "add-domain", "--file", "/root/shops.yaml")
	refuses(t, 10, []string{`"shop01" is also the name of shop01.example.net, domains[0]`, "lies below a service name of the default domain"}, "add-domain", "shop01.example.org", "webapp."+green)
	same(t, "a refused list changed the configuration", config, readHost(t, configFile))

	before := revisionsOf(t)
	middle := all[1:4]
	mustWiabctl(t, append([]string{"remove-domain"}, middle...)...)
	rolledOnce(t, before, nil, middle)
	for _, d := range middle {
		silent(t, d)
	}
	left := slices.Delete(slices.Clone(all), 1, 4)
	answers(t, append(left, green)...)

	mustWiabctl(t, "up", "--again", "helm")
	answers(t, append(left, green)...)
	unchanged(t)
	if asked, wrong := stop(); len(wrong) > 0 || asked == 0 {
		t.Errorf("%d of %d answers of green were wrong:\n%s", len(wrong), asked, strings.Join(wrong, "\n"))
	}

	listed := map[string]string{}
	for line := range strings.Lines(mustWiabctl(t, "domain", "list", "--output", "json").stdout) {
		var d struct {
			Domain      string
			Certificate struct {
				Kind     string
				NotAfter time.Time `json:"not_after"`
			}
			Release struct{ Revision int }
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		if d.Release.Revision == 0 || time.Until(d.Certificate.NotAfter) < 24*time.Hour {
			t.Errorf("%s is listed with %+v", d.Domain, d)
		}
		listed[d.Domain] = d.Certificate.Kind
	}
	if len(listed) != len(left)+1 || listed[green] != "letsencrypt" || listed[left[0]] != "own" {
		t.Errorf("listed are %v", listed)
	}
	installed(t)
}

// TestRemoveDomain removes red: nothing of it is left, nothing else is touched, and it can come
// again. A removal that broke off between its two halves is finished by the next up.
func TestRemoveDomain(t *testing.T) {
	standing(t, red, blue)
	show := mustWiabctl(t, "domain", "show", "RED.example.com").stdout
	saysEach(t, show, "letsencrypt, until 2", "release      nginx-ingress-services-red, revision 1", "host         account.red.example.com",
		"object       Ingress/nginx-ingress-red", "object       Certificate/red-example-com-csr", "object       ClusterIssuer/letsencrypt-http01-red",
		"secret       default/nginx-ingress-services-red-nginx-multi-ingress-red-managed-tls-certificate",
		`entry        wire-server galley.config.settings.multiIngress["nginz-https.red.example.com"]`)
	remains := func() string {
		return kube(t, `for kind in ingress certificate clusterissuer certificaterequest order secret; do kubebox kubectl get $kind --all-namespaces --output name | grep -i -e '[-/]red[-.]' -e '-red$' || true; done`)
	}
	if there := remains(); !strings.Contains(there, "letsencrypt-http01-red-account-key") || !strings.Contains(there, "ingress-red-managed-tls-certificate") {
		t.Errorf("of red there is only %s", there)
	}
	writeHost(t, configFile, strings.Replace(readHost(t, configFile), "domains:\n", "domains: # extra ones\n", 1))
	before := revisionsOf(t)
	stop := watch(t, green, blue)
	mustWiabctl(t, "remove-domain", "Red.example.com")
	asked, wrong := stop()
	if len(wrong) > 0 || asked == 0 {
		t.Errorf("%d of %d answers of green and blue were wrong while red went: %v", len(wrong), asked, wrong)
	}
	silent(t, red)
	rolledOnce(t, before, nil, []string{red})
	if left := remains(); left != "" {
		t.Errorf("red left %s", left)
	}
	if config := readHost(t, configFile); strings.Contains(config, "red") || !strings.Contains(config, "\ndomains: # extra ones\n") || !strings.Contains(config, "\n  - {domain: "+blue+"}\n") {
		t.Errorf("the configuration is now\n%s", config)
	}
	refuses(t, 117, []string{"no extra domain " + red}, "remove-domain", red)

	// The script of a removal is killed when the release is gone, and before its Secrets are.
	kube(t, `kubebox kubectl label secret nginx-ingress-services-blue-nginx-multi-ingress-blue-managed-tls-certificate wiabctl/release=nginx-ingress-services-blue
helm uninstall --wait nginx-ingress-services-blue`)
	writeHost(t, configFile, freshConfig)
	saysEach(t, planned(t).stdout, "delete secrets of release nginx-ingress-services-blue: it is uninstalled, and left nginx-ingress-services-blue-nginx-multi-ingress-blue-managed-tls-certificate")
	mustWiabctl(t, "up")
	if left := kube(t, "kubebox kubectl get secrets --all-namespaces --output name | grep blue || true"); strings.Contains(left, "tls-certificate") {
		t.Errorf("blue left %s", left)
	}
	unchanged(t)
}

// TestSwappedNames swaps the names of two domains in one run, though the release of each holds what
// the other's wants. Who changes nothing is not touched.
func TestSwappedNames(t *testing.T) {
	long(t)
	installed(t, red, blue)
	before := revisionsOf(t)
	writeHost(t, configFile, freshConfig+"domains:\n  - {domain: "+red+", name: blue}\n  - {domain: "+blue+", name: red}\n")
	saysEach(t, planned(t).stdout,
		"delete release nginx-ingress-services-red: it is "+red+"'s, and its name is "+blue+"'s now", "create release nginx-ingress-services-red")
	mustWiabctl(t, "up")
	answers(t, green, red, blue)
	unchanged(t)
	same(t, "other releases were deployed anew", fmt.Sprint(before), fmt.Sprint(revisionsOf(t)))
	installed(t)
}

// TestInterruptedAdd kills add-domain at each change that it begins, once; the next one goes on.
// Of what is half there a removal leaves nothing. The others notice none of it.
func TestInterruptedAdd(t *testing.T) {
	long(t)
	installed(t, blue)
	two, list := shops(t, 61, 62) // whose releases are deployed side by side
	writeHost(t, "/root/shops.yaml", list)
	stop := watch(t, green, blue)
	onHost(t, "echo none >/root/met")
	var met []string
	for {
		subject := killedAtNextChange(t)
		if subject == "" {
			break
		}
		met = append(met, subject)
		if len(met) > 30 {
			t.Fatal("it does not come to an end")
		}
	}
	t.Logf("killed at %s", strings.Join(met, ", "))
	for _, subject := range []string{"release wire-server", "release webapp", "release nginx-ingress-services-shop6"} {
		if !slices.ContainsFunc(met, func(at string) bool { return strings.HasPrefix(at, subject) }) {
			t.Errorf("it was not killed at %s", subject)
		}
	}
	answers(t, append(two, green, blue)...)
	unchanged(t)

	mustWiabctl(t, append([]string{"remove-domain"}, two...)...)
	onHost(t, "echo none >/root/met")
	for subject := ""; subject != "release webapp"; {
		if subject = killedAtNextChange(t); subject == "" {
			t.Fatal("it was not killed at release webapp")
		}
	}
	mustWiabctl(t, append([]string{"remove-domain"}, two...)...)
	for _, shop := range two {
		silent(t, shop)
	}
	unchanged(t)
	if releases := revisions(t); strings.Contains(releases, "shop6") {
		t.Errorf("of a domain whose addition broke off there is left: %s", releases)
	}
	if asked, wrong := stop(); len(wrong) > 0 || asked == 0 {
		t.Errorf("%d of %d answers of the others were wrong:\n%s", len(wrong), asked, strings.Join(wrong, "\n"))
	}
}

// killedAtNextChange adds the shops and kills that when it begins a change that is not in
// /root/met yet, and returns the change's subject; empty if it came to its end.
func killedAtNextChange(t testing.TB) string {
	t.Helper()
	return strings.TrimSpace(onHost(t, `
cd /root
wiabctl add-domain --file shops.yaml --output json >events 2>said & pid=$!
while kill -0 $pid 2>/dev/null; do
  if sed -n 's/.*"event":"begun".*"subject":"\([^"]*\)".*/\1/p' events | grep -vxFf met >begun; then
    kill -KILL $pid
    head -n1 begun | tee -a met
    wait $pid
    exit 0
  fi
  sleep 0.02
done
wait $pid || { cat events said >&2; exit 1; }`))
}
