package ingress

import (
	"errors"
	"fmt"
	"regexp"
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
	// Certificate is the user's own; by default Let's Encrypt issues one.
	Certificate Certificate `yaml:"certificate,omitempty"`
}

// Certificate are the files of a certificate that the user brings.
type Certificate struct {
	Cert string `yaml:"cert,omitempty"` // PEM: the certificate, then its chain
	Key  string `yaml:"key,omitempty"`  // PEM: the private key, unencrypted
}

// Own tells whether the user brings the certificate.
func (c Certificate) Own() bool { return c.Cert != "" || c.Key != "" }

// Defaults fills in names and titles.
func (s *Spec) Defaults() {
	for i := range s.Domains {
		d := &s.Domains[i]
		if d.Name == "" {
			d.Name = Name(d.Domain)
		}
		if d.Title == "" {
			d.Title = d.Domain
		}
	}
}

// Validate reports every value that cannot be used, after Defaults.
func (s *Spec) Validate() error {
	errs := []error{s.validDomain(), s.validEmail()}
	for i, d := range s.Domains {
		errs = append(errs, d.validate(fmt.Sprintf("domains[%d]", i)))
	}
	return errors.Join(append(errs, s.collisions()...)...)
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
	if c := d.Certificate; c.Own() && (c.Cert == "" || c.Key == "") {
		errs = append(errs, change.Invalidf(path+".certificate", "needs both cert and key"))
	}
	return errors.Join(errs...)
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
