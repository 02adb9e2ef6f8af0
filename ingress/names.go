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

// DefaultRelease is the release that carries the default domain, and the start of the others.
const DefaultRelease = "nginx-ingress-services"

// ReleaseName is the helm release of the extra domain with that name.
func ReleaseName(name string) string { return DefaultRelease + "-" + name }

// secretBase is how the chart names the Secret of an extra domain's certificate, up to what
// tells its kinds apart (nginx-ingress-services.fullname, which cuts at 63).
func secretBase(name string) string {
	full := ReleaseName(name) + "-" + nameOverride(name)
	return strings.TrimSuffix(full[:min(len(full), 63)], "-")
}

// nameOverride is the chart's value of that name.
func nameOverride(name string) string { return "nginx-multi-ingress-" + name }

// managedSecret is the Secret in which cert-manager keeps a certificate and its key.
func managedSecret(name string) string { return secretBase(name) + "-managed-tls-certificate" }

// CertificateSecret is the Secret with the domain's certificate and its key.
func (d Domain) CertificateSecret() string {
	if d.Certificate.Own() {
		return secretBase(d.Name) + "-wildcard-tls-certificate"
	}
	return managedSecret(d.Name)
}

// The issuers of extra domains, up to their names: Let's Encrypt's two servers.
const (
	productionIssuer = "letsencrypt-http01"
	stagingIssuer    = "letsencrypt-staging-http01"
)

// Issuer is the ClusterIssuer that the domain's certificate is from; empty where it is the
// user's own.
func (d Domain) Issuer() string {
	switch {
	case d.Certificate.Own():
		return ""
	case d.Certificate.Staging:
		return stagingIssuer + "-" + d.Name
	default:
		return productionIssuer + "-" + d.Name
	}
}

// LeftSecrets are the Secrets, as namespace/name, that cert-manager makes for the extra domain
// of that name and keeps when its release goes: the certificate's, and the accounts of its
// issuers (contract section 12).
func LeftSecrets(name string) []string {
	return []string{
		"default/" + managedSecret(name),
		"cert-manager-ns/" + productionIssuer + "-" + name + "-account-key",
		"cert-manager-ns/" + stagingIssuer + "-" + name + "-account-key",
	}
}

// SftdCertificate is the Certificate object of the conference server (contract section 12).
const SftdCertificate = "sftd"

// CertificateName is the Certificate object of a domain: the chart turns its
// dots into dashes, so a.b.org and a-b.org cannot both be served.
func CertificateName(domain string) string {
	return strings.ReplaceAll(domain, ".", "-") + "-csr"
}
