package ingress

import (
	"fmt"
	"slices"
	"strings"
)

// snippet is the annotation by which an Ingress adds headers of its own.
const snippet = "nginx.ingress.kubernetes.io/configuration-snippet"

// checkReleases looks for every extra domain in the objects that its release is of. The
// Services are those of the default domain's release.
func (s Set) checkReleases(e *evidence, users map[string]UserOverlay) {
	for name := range e.objects {
		if strings.HasPrefix(name, "Service ") {
			e.dropped("config.isAdditionalIngress", name+" would be made a second time")
		}
	}
	for _, d := range s.Extra {
		release := ReleaseName(d.Name)
		one := &evidence{of: release, objects: e.objects, user: users[release]}
		d.checkRelease(one)
		e.problems = append(e.problems, one.problems...)
	}
}

func (d Domain) checkRelease(e *evidence) {
	pages, assets := "Ingress nginx-ingress-"+d.Name, "Ingress minio-ingress-"+d.Name
	var served []string
	for _, ingress := range []string{pages, assets} {
		if e.objects[ingress] == nil {
			e.dropped("ingressName", ingress+" is absent")
			continue
		}
		served = append(served, hosts(e.objects[ingress])...)
	}
	slices.Sort(served)
	e.want("config.dns", pages+" and "+assets+": hosts", served, slices.Sorted(slices.Values(d.Hosts())))

	policy := strings.Contains(strings.ToLower(e.objects.annotation(pages, snippet)), "content-security-policy")
	e.want("config.renderCSPInIngress", pages+", a content security policy in annotation "+snippet, policy, d.CSP == ByIngress)

	secret, _ := at(e.objects[pages], "spec", "tls", "secretName").(string)
	if d.Certificate.Own() {
		if e.objects.data("Secret " + secret)["tls.crt"] == nil {
			e.dropped("secrets.tlsWildcardCert", fmt.Sprintf("Secret %s of %s is absent", secret, pages))
		}
		return
	}
	d.checkCertificate(e, secret)
}

// hosts are those that an Ingress has rules for.
func hosts(ingress Values) []string {
	rules, _ := at(ingress, "spec", "rules").([]any)
	var all []string
	for _, rule := range rules {
		host, _ := at(rule, "host").(string)
		all = append(all, host)
	}
	return all
}

// checkCertificate wants a Certificate for all hosts, in the Secret that the Ingress takes,
// from an issuer that is there and asks the right server.
func (d Domain) checkCertificate(e *evidence, secret string) {
	name := "Certificate " + CertificateName(d.Domain)
	spec, _ := at(e.objects[name], "spec").(Values)
	if spec == nil {
		e.dropped("tls.useCertManager", name+" is absent")
		return
	}
	e.wantEach("config.dns", name+": dnsNames", words(spec["dnsNames"]), d.Hosts())
	e.want("nameOverride", name+": secretName", spec["secretName"], secret)
	issuer := fmt.Sprintf("%v %v", at(spec, "issuerRef", "kind"), at(spec, "issuerRef", "name"))
	server, _ := at(e.objects[issuer], "spec", "acme", "server").(string)
	if server == "" {
		e.dropped("tls.issuer", issuer+", which issues "+name+", is absent")
		return
	}
	e.want("certManager.inTestMode", issuer+": its server is a staging one", strings.Contains(server, "staging"), d.Certificate.Staging)
	if len(d.Certificate.Solvers) > 0 {
		have, _ := at(e.objects[issuer], "spec", "acme", "solvers").([]any)
		e.want("certManager.customSolvers", issuer+": number of solvers", len(have), len(d.Certificate.Solvers))
	}
}
