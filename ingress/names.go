package ingress

import "strings"

// services are the host names that each domain serves.
var services = []string{"nginz-https", "nginz-ssl", "webapp", "assets", "teams", "account"}

// shared are the host names that only the default domain has.
var shared = []string{"sftd", "federator"}

// Hosts are the six names that DNS and the certificate of a domain must have.
func Hosts(domain string) []string {
	hosts := make([]string, len(services))
	for i, service := range services {
		hosts[i] = service + "." + domain
	}
	return hosts
}

// api is the host of a domain's API requests, by which services look it up.
func api(domain string) string { return "nginz-https." + domain }

// Name is an extra domain's name unless one is given: its first label.
func Name(domain string) string {
	first, _, _ := strings.Cut(domain, ".")
	return first
}

// The release that carries the default domain, and the start of the others.
const defaultRelease = "nginx-ingress-services"

// ReleaseName is the helm release of the extra domain with that name.
func ReleaseName(name string) string { return defaultRelease + "-" + name }

// secretBase is how the chart names the Secret of an extra domain's certificate, up to what
// tells its kinds apart (nginx-ingress-services.fullname, which cuts at 63).
func secretBase(name string) string {
	full := ReleaseName(name) + "-" + nameOverride(name)
	return strings.TrimSuffix(full[:min(len(full), 63)], "-")
}

// nameOverride is the chart's value of that name.
func nameOverride(name string) string { return "nginx-multi-ingress-" + name }

// CertificateSecret is the Secret with the domain's certificate and its key.
func (d Domain) CertificateSecret() string {
	kind := "managed"
	if d.Certificate.Own() {
		kind = "wildcard"
	}
	return secretBase(d.Name) + "-" + kind + "-tls-certificate"
}

// SftdCertificate is the Certificate object of the conference server (contract section 12).
const SftdCertificate = "sftd"

// CertificateName is the Certificate object of a domain: the chart turns its
// dots into dashes, so a.b.org and a-b.org cannot both be served.
func CertificateName(domain string) string {
	return strings.ReplaceAll(domain, ".", "-") + "-csr"
}
