package provision

import (
	"errors"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"

	"wiabctl/ingress"
	"wiabctl/provision/change"
)

// Domain is an extra domain, as the configuration file declares it.
type Domain = ingress.Domain

// ReadDomains reads a list of domains, written as in the configuration file, whose name and
// directory are given; relative names of files in it begin there. Like a configuration it is
// refused whole: ConfigInvalid names every problem with its line.
func ReadDomains(name, dir string, text []byte) ([]Domain, error) {
	domains, err := parseDomains(text)
	if err != nil {
		return nil, ConfigInvalid.Failf("%s cannot be used:\n%w", name, err)
	}
	for i := range domains {
		if domains[i], err = Anchored(domains[i], dir); err != nil {
			return nil, err
		}
	}
	return domains, nil
}

// parseDomains reads the list; the error is of type Problems.
func parseDomains(text []byte) ([]Domain, error) {
	var domains []Domain
	root, meant, found := decode(text, func(*yaml.Node) Problems { return nil }, &domains)
	if root == nil {
		return nil, found
	}
	if len(domains) == 0 && len(found) == 0 {
		return nil, Problems{{Line: 1, Problem: "it lists no domain"}}
	}
	complete := ingress.Spec{Domains: append([]Domain{}, domains...)}
	complete.Defaults()
	var problems []error
	for _, invalid := range invalids(complete.Validate()) {
		if path, listed := strings.CutPrefix(invalid.Path, "domains"); listed {
			problems = append(problems, &change.Invalid{Path: path, Problem: invalid.Problem})
		}
	}
	return domains, found.with(root, errors.Join(problems...), meant, nil).orNil()
}

// Anchored is the domain with names of files that mean the same from everywhere, for the
// configuration file is used from anywhere; relative ones begin in dir.
func Anchored(d Domain, dir string) (Domain, error) {
	for _, file := range []*string{&d.Certificate.Cert, &d.Certificate.Key} {
		if *file == "" || filepath.IsAbs(*file) {
			continue
		}
		absolute, err := filepath.Abs(filepath.Join(dir, *file))
		if err != nil {
			return d, err
		}
		*file = absolute
	}
	return d, nil
}
