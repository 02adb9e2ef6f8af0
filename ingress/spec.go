package ingress

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"wiabctl/provision/change"
)

// Spec is the part of the configuration that speaks of domains. It stands at the
// configuration's top level.
type Spec struct {
	// Domain is the default domain, which the backend is installed with. The
	// domain of its users' ids; it cannot be changed later.
	Domain string `yaml:"domain"`
	// Email gets notices about certificates, and is the contact of single sign-on:
	// letters, digits and . _ + - before the @.
	Email string `yaml:"email"`
	// Proxy is the machine in front of the default domain; by default there is none.
	Proxy *Proxy `yaml:"proxy,omitempty"`
	// Domains are the extra domains.
	Domains []Domain `yaml:"domains,omitempty"`
}

// Domain is one extra domain.
type Domain struct {
	// Domain is the name below which the six services are reached.
	Domain string `yaml:"domain"`
	// Name is a DNS label of at most 30 characters, unique in the installation; by
	// default the domain's first label. Changing it makes new releases.
	Name string `yaml:"name,omitempty"`
	// Title is what apps show for the backend; by default the domain.
	Title string `yaml:"title,omitempty"`
	// Certificate tells where the domain's certificate comes from; by default Let's
	// Encrypt issues one, and asks for its proof over HTTP.
	Certificate Certificate `yaml:"certificate,omitempty"`
	// Apps are the web pages that the domain serves beside the API and the assets; by
	// default all.
	Apps []App `yaml:"apps,omitempty"`
	// CSP tells who sends the domain's content security policy; by default the webapp.
	CSP Policy `yaml:"csp,omitempty"`
	// Proxy is the machine in front of the domain; by default there is none.
	Proxy *Proxy `yaml:"proxy,omitempty"`
}

// Certificate tells where a domain's certificate comes from: from the user (Cert and Key),
// or from Let's Encrypt, which is what nothing means. The three exclude each other.
type Certificate struct {
	Cert string `yaml:"cert,omitempty"` // PEM: the certificate, then its chain
	Key  string `yaml:"key,omitempty"`  // PEM: the private key, unencrypted
	// Staging takes Let's Encrypt's staging server, whose certificates nobody trusts and
	// whose limits are wide.
	Staging bool `yaml:"staging,omitempty"`
	// Solvers prove the domain in other ways than over HTTP: cert-manager's own objects
	// (ACMEChallengeSolver), handed on as they are.
	Solvers []Values `yaml:"solvers,omitempty"`
}

// Own tells whether the user brings the certificate.
func (c Certificate) Own() bool { return c.Cert != "" || c.Key != "" }

// Defaults fills in names, titles, apps, who sends the policy, and how proxies are reached.
func (s *Spec) Defaults() {
	s.Proxy.defaults()
	for i := range s.Domains {
		d := &s.Domains[i]
		if d.Name == "" {
			d.Name = Name(d.Domain)
		}
		if d.Title == "" {
			d.Title = d.Domain
		}
		if d.Apps == nil {
			d.Apps = slices.Clone(apps)
		}
		if d.CSP == "" {
			d.CSP = ByWebapp
		}
		d.Proxy.defaults()
	}
}

// Validate reports every value that cannot be used, after Defaults.
func (s *Spec) Validate() error {
	errs := []error{s.validDomain(), s.validEmail()}
	for i, d := range s.Domains {
		errs = append(errs, d.validate(fmt.Sprintf("domains[%d]", i)))
	}
	return errors.Join(slices.Concat(errs, s.collisions(), s.validProxies())...)
}

func (s *Spec) validDomain() error {
	switch err := domainProblem(s.Domain); {
	case s.Domain == "":
		return change.Invalidf("domain", "is missing: give the default domain")
	case err != nil:
		return change.Invalidf("domain", "%q %v", s.Domain, err)
	case s.Domain == exampleDomain:
		return change.Invalidf("domain", "%s stands for a domain in upstream's examples: give your own", exampleDomain)
	}
	return nil
}

// mailUser is less than mail allows: upstream's script puts the address into sed
// and eval.
var mailUser = regexp.MustCompile(`^[A-Za-z0-9._+-]+$`)

func (s *Spec) validEmail() error {
	if s.Email == "" {
		return change.Invalidf("email", "is missing: Let's Encrypt needs an address for notices")
	}
	user, domain, _ := strings.Cut(s.Email, "@")
	if err := domainProblem(domain); err != nil || !mailUser.MatchString(user) {
		return change.Invalidf("email", "%q is not a mail address of letters, digits and . _ + - before the @, and a domain behind it", s.Email)
	}
	return nil
}

func (d Domain) validate(path string) error {
	var errs []error
	if err := domainProblem(d.Domain); err != nil {
		errs = append(errs, change.Invalidf(path+".domain", "%q %v", d.Domain, err))
	} else if err := nameProblem(d.Name); err != nil {
		errs = append(errs, change.Invalidf(path+".name", "%q %v", d.Name, err))
	}
	if err := titleProblem(d.Title); err != nil {
		errs = append(errs, change.Invalidf(path+".title", "%v", err))
	}
	errs = append(errs, d.Certificate.validate(path+".certificate"), validApps(path+".apps", d.Apps), d.CSP.validate(path+".csp"))
	return errors.Join(errs...)
}

func (c Certificate) validate(path string) error {
	var errs []error
	if c.Own() && (c.Cert == "" || c.Key == "") {
		errs = append(errs, change.Invalidf(path, "needs both cert and key"))
	}
	if kinds := c.kinds(); len(kinds) > 1 {
		errs = append(errs, change.Invalidf(path, "has %s: only one of them is possible", strings.Join(kinds, " and ")))
	}
	for i, solver := range c.Solvers {
		if problem := solverProblem(solver); problem != "" {
			errs = append(errs, change.Invalidf(fmt.Sprintf("%s.solvers[%d]", path, i), "%s", problem))
		}
	}
	return errors.Join(errs...)
}

// kinds are the sources that are asked for.
func (c Certificate) kinds() []string {
	var kinds []string
	if c.Own() {
		kinds = append(kinds, "cert and key")
	}
	if c.Staging {
		kinds = append(kinds, "staging")
	}
	if len(c.Solvers) > 0 {
		kinds = append(kinds, "solvers")
	}
	return kinds
}

// solverProblem says what keeps an object from being cert-manager's; what stands deeper
// cert-manager judges itself.
func solverProblem(solver Values) string {
	ways := 0
	for key, value := range solver {
		if _, mapping := value.(Values); !mapping {
			return fmt.Sprintf("%q is not a mapping", key)
		}
		switch key {
		case "dns01", "http01":
			ways++
		case "selector":
		default:
			return fmt.Sprintf("has %q, which no solver of cert-manager has", key)
		}
	}
	if ways != 1 {
		return "needs one of dns01 and http01"
	}
	return ""
}

// titleProblem refuses what the chart would write unquoted into JSON and HTML.
func titleProblem(title string) error {
	if strings.ContainsAny(title, "\"\\<>{}") || strings.ContainsFunc(title, unicode.IsControl) {
		return errors.New(`has one of " \ < > { } or a control character`)
	}
	if len(title) > 200 {
		return fmt.Errorf("has %d bytes, 200 are possible", len(title))
	}
	return nil
}
