package ingress

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"wiabctl/provision/change"
)

// Spec is the part of the configuration that speaks of domains. It stands at the
// configuration's top level. Domains may be written in any case and with any letters;
// Defaults makes them canonical.
type Spec struct {
	// Domain is the default domain, which the backend is installed with. The
	// domain of its users' ids; it cannot be changed later.
	Domain string `yaml:"domain" jsonschema:"required"`
	// Email gets notices about certificates, and is the contact of single sign-on:
	// letters, digits and . _ + - before the @.
	Email string `yaml:"email" jsonschema:"required"`
	// Proxy is the machine in front of the default domain; by default there is none.
	Proxy *Proxy `yaml:"proxy,omitempty"`
	// Domains are the extra domains.
	Domains []Domain `yaml:"domains,omitempty"`
}

// Domain is one extra domain.
type Domain struct {
	// Domain is the name below which the six services are reached.
	Domain string `yaml:"domain" jsonschema:"required"`
	// Name is a DNS label of at most 30 characters, unique in the installation; by
	// default the domain's first label. Changing it makes a new release of the domain.
	Name string `yaml:"name,omitempty"`
	// Title is what apps show for the backend; by default the domain as it is written.
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

// Kind is a word for where the certificate comes from: letsencrypt, staging, solvers or own.
func (c Certificate) Kind() string {
	switch {
	case c.Own():
		return "own"
	case c.Staging:
		return "staging"
	case len(c.Solvers) > 0:
		return "solvers"
	default:
		return "letsencrypt"
	}
}

// Defaults makes all domains canonical, as far as they can be, and completes the extra ones
// and how proxies are reached.
func (s *Spec) Defaults() {
	if name, err := canonical(s.Domain); err == nil {
		s.Domain = name
	}
	s.Proxy.defaults()
	for i := range s.Domains {
		s.Domains[i].defaults()
	}
}

func (d *Domain) defaults() {
	d.Title = cmp.Or(d.Title, d.Domain)
	if name, err := canonical(d.Domain); err == nil {
		d.Domain = name
	}
	d.Name = cmp.Or(d.Name, Name(d.Domain))
	if d.Apps == nil {
		d.Apps = slices.Clone(apps)
	}
	d.CSP = cmp.Or(d.CSP, ByWebapp)
	d.Proxy.defaults()
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
	if s.Domain == "" {
		return change.Invalidf("domain", "is missing: give the default domain")
	}
	if err := servable(s.Domain); err != nil {
		return change.Invalidf("domain", "%q %v", s.Domain, err)
	}
	if s.Domain == exampleDomain {
		return change.Invalidf("domain", "%s stands for a domain in upstream's examples: give your own", exampleDomain)
	}
	if err := unknownSuffix(s.Domain); err != nil {
		return change.Invalidf("domain", "%q %v, and the default domain's is always from there", s.Domain, err)
	}
	return nil
}

// servable completes the sentence "it …" about what Defaults made of a domain.
func servable(name string) error {
	if _, err := canonical(name); err != nil {
		return err
	}
	return domainProblem(name)
}

// mailUser is less than mail allows: upstream's script puts the address into sed
// and eval.
var mailUser = regexp.MustCompile(`^[A-Za-z0-9._+-]+$`)

func (s *Spec) validEmail() error {
	if s.Email == "" {
		return change.Invalidf("email", "is missing: Let's Encrypt needs an address for notices")
	}
	user, domain, _ := strings.Cut(s.Email, "@")
	if name, err := Canonical(domain); err != nil || name != domain || !mailUser.MatchString(user) {
		return change.Invalidf("email", "%q is not a mail address of letters, digits and . _ + - before the @, and a domain behind it", s.Email)
	}
	return nil
}

func (d Domain) validate(path string) error {
	var errs []error
	switch err := servable(d.Domain); {
	case err != nil:
		errs = append(errs, change.Invalidf(path+".domain", "%q %v", d.Domain, err))
	case nameProblem(d.Name) != nil:
		errs = append(errs, change.Invalidf(path+".name", "%q %v", d.Name, nameProblem(d.Name)))
	case unknownSuffix(d.Domain) != nil && !d.Certificate.Own():
		errs = append(errs, change.Invalidf(path+".domain", "%q %v; give one of your own (certificate: {cert: ..., key: ...})", d.Domain, unknownSuffix(d.Domain)))
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
