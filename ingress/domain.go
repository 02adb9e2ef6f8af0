package ingress

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// longestDomain leaves room for the longest service name and its dot in the 253
// characters that DNS allows.
const longestDomain = 253 - len("nginz-https.")

// longestName keeps the release's name within helm's 53 characters.
const longestName = 53 - len(defaultRelease+"-")

var (
	numeric = regexp.MustCompile(`^[0-9]+$`)
	label   = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
)

// ValidDomain tells whether a name can be a domain of the installation: lower
// case, letters, digits and hyphens, at least two labels, and short enough for
// its service names. It fails with DomainInvalid.
func ValidDomain(name string) error {
	if err := domainProblem(name); err != nil {
		return DomainInvalid.Failf("%q is not a domain that can be served: it %w", name, err)
	}
	return nil
}

// domainProblem completes the sentence "it …".
func domainProblem(name string) error {
	if name == "" {
		return errors.New("is empty")
	}
	if len(name) > longestDomain {
		return fmt.Errorf("has %d characters, %d are possible", len(name), longestDomain)
	}
	if strings.ToLower(name) != name {
		return errors.New("has capital letters")
	}
	labels := strings.Split(name, ".")
	switch ascii, err := idna.Lookup.ToASCII(name); {
	case slices.Contains(labels, ""):
		return errors.New("has an empty label")
	case err != nil:
		return errors.New("is no host name: letters, digits and hyphens between dots")
	case ascii != name:
		return fmt.Errorf("is not in ASCII: write %s", ascii)
	case len(labels) < 2:
		return errors.New("has one label, at least two are needed")
	case numeric.MatchString(labels[len(labels)-1]):
		return errors.New("ends in a number, as an address does")
	}
	for _, part := range labels {
		if len(part) > 63 {
			return fmt.Errorf("has a label of %d characters, 63 are possible", len(part))
		}
		if !label.MatchString(part) {
			return fmt.Errorf("has the label %q, which is not of letters, digits and inner hyphens", part)
		}
	}
	return nil
}

// nameProblem completes the sentence "it …" about an extra domain's name.
func nameProblem(name string) error {
	switch {
	case len(name) > longestName:
		return fmt.Errorf("has %d characters, helm allows %d: give a shorter name", len(name), longestName)
	case !label.MatchString(name):
		return errors.New("is not of lower-case letters, digits and inner hyphens")
	}
	return nil
}

// below tells whether a name is the other or lies under it.
func below(name, other string) bool {
	return name == other || strings.HasSuffix(name, "."+other)
}
