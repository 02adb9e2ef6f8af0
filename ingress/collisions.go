package ingress

import (
	"fmt"

	"wiabctl/provision/change"
)

// collisions reports what each domain must not have in common with those before
// it: the objects of one would be taken for the other's.
func (s *Spec) collisions() []error {
	var errs []error
	for i, d := range s.Domains {
		path := fmt.Sprintf("domains[%d]", i)
		if problem := clash(d.Domain, s.Domain); problem != "" {
			errs = append(errs, change.Invalidf(path+".domain", "%s the default domain", problem))
		}
		for j, other := range s.Domains[:i] {
			where := fmt.Sprintf("domains[%d]", j)
			if d.Domain != other.Domain {
				where = other.Domain + ", " + where
			}
			if problem := clash(d.Domain, other.Domain); problem != "" {
				errs = append(errs, change.Invalidf(path+".domain", "%s %s", problem, where))
			} else if problem := sameName(d.Name, other.Name); problem != "" {
				errs = append(errs, change.Invalidf(path+".name", "%s %s: give one of them another name", problem, where))
			}
		}
	}
	return errs
}

// clash says how two domains get in each other's way, up to the name of the
// other: "is also"; empty if they don't.
func clash(domain, other string) string {
	switch {
	case domain == "" || other == "":
		return ""
	case domain == other:
		return fmt.Sprintf("%q is also", domain)
	case CertificateName(domain) == CertificateName(other):
		return fmt.Sprintf("%q has the same certificate name, %s, as", domain, CertificateName(domain))
	case underService(domain, other):
		return fmt.Sprintf("%q lies below a service name of", domain)
	case underService(other, domain):
		return fmt.Sprintf("%q has a service name that lies above", domain)
	default:
		return ""
	}
}

// sameName says how the objects of two names would be the same ones, up to whose the other
// name is; empty if they wouldn't.
func sameName(name, other string) string {
	switch {
	case name == other:
		return fmt.Sprintf("%q is also the name of", name)
	case secretBase(name) == secretBase(other):
		return fmt.Sprintf("%q has the same Secret, %s-..., as the name of", name, secretBase(name))
	default:
		return ""
	}
}

// underService tells whether a domain is, or lies below, a host of the other.
func underService(domain, other string) bool {
	for _, host := range append(Hosts(other), sharedHosts(other)...) {
		if below(domain, host) {
			return true
		}
	}
	return false
}

// sharedHosts are the names of a default domain beside the six.
func sharedHosts(domain string) []string {
	hosts := make([]string, len(shared))
	for i, service := range shared {
		hosts[i] = service + "." + domain
	}
	return hosts
}
