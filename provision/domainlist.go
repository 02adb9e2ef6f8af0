package provision

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
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
	root    yaml.Node
}

// ReadDomains reads a list of domains, written as in the configuration file, whose name and
// directory are given; relative names of files in it begin there. Like a configuration it is
// refused whole: ConfigInvalid names every problem with its line.
func ReadDomains(name, dir string, text []byte) (List, error) {
	list := List{name: name}
	var err error
	if list.Domains, err = parseDomains(text, &list.root); err != nil {
		return List{}, ConfigInvalid.Failf("%s cannot be used:\n%w", name, err)
	}
	for i := range list.Domains {
		if list.Domains[i], err = Anchored(list.Domains[i], dir); err != nil {
			return List{}, err
		}
	}
	return list, nil
}

// parseDomains reads the list, and its nodes; the error has one problem a line.
func parseDomains(text []byte, root *yaml.Node) ([]Domain, error) {
	if err := yaml.Unmarshal(text, root); err != nil {
		return nil, err
	}
	var domains []Domain
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&domains); err != nil && !errors.Is(err, io.EOF) {
		if wrong := (*yaml.TypeError)(nil); errors.As(err, &wrong) {
			return nil, errors.New(plain(wrong))
		}
		return nil, err
	}
	if len(domains) == 0 {
		return nil, errors.New("line 1: it lists no domain")
	}
	complete := ingress.Spec{Domains: append([]Domain{}, domains...)}
	complete.Defaults()
	var problems []error
	for _, invalid := range invalids(complete.Validate()) {
		if path, listed := strings.CutPrefix(invalid.Path, "domains"); listed {
			problems = append(problems, &change.Invalid{Path: path, Problem: invalid.Problem})
		}
	}
	if len(problems) > 0 {
		return nil, errors.New(describe(root, errors.Join(problems...)))
	}
	return domains, nil
}

// fits tells what keeps the listed domains out of a configuration file, of which both texts are
// given, with and without them.
func (l List) fits(without, with []byte) error {
	var root yaml.Node
	var before, after Config
	if err := cmp.Or(yaml.Unmarshal(without, &root), yaml.Unmarshal(without, &before), yaml.Unmarshal(with, &after)); err != nil {
		return ConfigInvalid.Failf("the configuration file cannot be used: %w", err)
	}
	after.complete()
	var problems []string
	for _, invalid := range invalids(after.validate()) {
		var at int
		if _, err := fmt.Sscanf(invalid.Path, "domains[%d]", &at); err == nil && at >= len(before.Ingress.Domains) {
			_, field, _ := strings.Cut(invalid.Path, "]")
			problems = append(problems, l.describe(after.Ingress.Domains[at].Domain, field, invalid.Problem))
		} else {
			problems = append(problems, "the configuration file, "+describe(&root, invalid))
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
	return describe(&l.root, change.Invalidf(fmt.Sprintf("[%d]%s", at, field), "%s", problem))
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
