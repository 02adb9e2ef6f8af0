package provision

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"wiabctl/ingress"
	"wiabctl/provision/change"
)

// Domain is an extra domain, as the configuration file declares it.
type Domain = ingress.Domain

// List is a list of domains. Of one that was read from a file it knows the lines.
type List struct {
	Domains []Domain
	name    string // of the file; empty: there is none
	root    *yaml.Node
}

// ReadDomains reads a list of domains, written as in the configuration file, whose name and
// directory are given; relative names of files in it begin there. Like a configuration it is
// refused whole: ConfigInvalid names every problem with its line.
func ReadDomains(name, dir string, text []byte) (List, error) {
	list := List{name: name}
	var err error
	if list.Domains, list.root, err = parseDomains(text); err != nil {
		return List{}, ConfigInvalid.Failf("%s cannot be used:\n%w", name, err)
	}
	for i := range list.Domains {
		if list.Domains[i], err = Anchored(list.Domains[i], dir); err != nil {
			return List{}, err
		}
	}
	return list, nil
}

// parseDomains reads the list, and its nodes; the error is of type Problems.
func parseDomains(text []byte) ([]Domain, *yaml.Node, error) {
	var domains []Domain
	root, meant, found := decode(text, func(*yaml.Node) Problems { return nil }, &domains)
	if root == nil {
		return nil, nil, found
	}
	if len(domains) == 0 && len(found) == 0 {
		return nil, nil, Problems{{Line: 1, Problem: "it lists no domain"}}
	}
	complete := ingress.Spec{Domains: append([]Domain{}, domains...)}
	complete.Defaults()
	var problems []error
	for _, invalid := range invalids(complete.Validate()) {
		if path, listed := strings.CutPrefix(invalid.Path, "domains"); listed {
			problems = append(problems, &change.Invalid{Path: path, Problem: invalid.Problem})
		}
	}
	return domains, root, found.with(root, errors.Join(problems...), meant, nil).orNil()
}

// fits tells what keeps the listed domains out of a configuration file, of which both texts are
// given, with and without them; overrides go above it.
func (l List) fits(without, with []byte, overrides []Override) error {
	var root yaml.Node
	var before, after Config
	if err := cmp.Or(yaml.Unmarshal(without, &root), yaml.Unmarshal(without, &before), yaml.Unmarshal(with, &after)); err != nil {
		return ConfigInvalid.Failf("the configuration file cannot be used: %w", err)
	}
	var problems []string
	for _, o := range overrides {
		for _, problem := range o.apply(&after) {
			problems = append(problems, problem.String())
		}
	}
	after.complete()
	for _, invalid := range invalids(after.validate()) {
		var at int
		if _, err := fmt.Sscanf(invalid.Path, "domains[%d]", &at); err == nil && at >= len(before.Ingress.Domains) {
			_, field, _ := strings.Cut(invalid.Path, "]")
			problems = append(problems, l.describe(after.Ingress.Domains[at].Domain, field, invalid.Problem))
		} else {
			problems = append(problems, "the configuration file, "+placed(&root, invalid.Path, invalid.Problem))
		}
	}
	if len(problems) == 0 {
		return nil
	}
	return ConfigInvalid.Failf("%s cannot be added:\n%s", cmp.Or(l.name, "the domains"), strings.Join(problems, "\n"))
}

// describe names the domain that has a problem by its line in the list's file, if there is one.
func (l List) describe(domain, field, problem string) string {
	at := slices.IndexFunc(l.Domains, func(d Domain) bool {
		name, err := ingress.Canonical(d.Domain)
		return err == nil && name == domain
	})
	if l.name == "" || at < 0 {
		return domain + ": " + problem
	}
	return placed(l.root, fmt.Sprintf("[%d]%s", at, field), problem)
}

// placed is a problem with its line in a file, of which the nodes are given.
func placed(root *yaml.Node, path, problem string) string {
	return Problem{Line: locate(root, path), Path: path, Problem: problem}.String()
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
