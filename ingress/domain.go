package ingress

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// longestDomain leaves room for the longest service name and its dot in the 253
// characters that DNS allows.
const longestDomain = 253 - len("nginz-https.")

// longestName keeps the release's name within helm's 53 characters.
const longestName = 53 - len(DefaultRelease+"-")

var (
	numeric = regexp.MustCompile(`^[0-9]+$`)
	label   = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
)

// Canonical is a domain as DNS has it: in lower case, and with letters beyond ASCII in
// Punycode (UTS 46, RFC 5891), whatever way people type it. It fails with DomainInvalid for
// what cannot be a domain of the installation: at least two labels of letters, digits and
// inner hyphens, and short enough for its service names.
func Canonical(typed string) (string, error) {
	name, err := canonical(typed)
	if err == nil {
		err = domainProblem(name)
	}
	if err != nil {
		return "", DomainInvalid.Failf("%q is not a domain that can be served: it %w", typed, err)
	}
	return name, nil
}

// canonical completes the sentence "it …" where there is no such form.
func canonical(typed string) (string, error) {
	if typed == "" {
		return "", errors.New("is empty")
	}
	if slices.Contains(strings.Split(typed, "."), "") {
		return "", errors.New("has an empty label")
	}
	name, err := idna.Lookup.ToASCII(typed)
	if again, unstable := idna.Lookup.ToASCII(name); err != nil || unstable != nil || again != name {
		return "", errors.New("is no host name: letters, digits and hyphens between dots")
	}
	return name, nil
}

// domainProblem completes the sentence "it …" about a name in its canonical form.
func domainProblem(name string) error {
	if len(name) > longestDomain {
		return fmt.Errorf("has %d characters, %d are possible", len(name), longestDomain)
	}
	labels := strings.Split(name, ".")
	for _, part := range labels {
		if len(part) > 63 {
			return fmt.Errorf("has a label of %d characters, 63 are possible", len(part))
		}
		if !label.MatchString(part) {
			return fmt.Errorf("has the label %q, which is not of letters, digits and inner hyphens", part)
		}
	}
	switch {
	case len(labels) < 2:
		return errors.New("has one label, at least two are needed")
	case numeric.MatchString(labels[len(labels)-1]):
		return errors.New("ends in a number, as an address does")
	}
	if suffix, icann := publicsuffix.PublicSuffix(name); icann && suffix == name {
		return errors.New("is a public suffix, below which others register their names: give one of those")
	}
	return nil
}

// unknownSuffix completes the sentence "it …" about a name that no public authority gives a
// certificate for, because it ends in no suffix that names are registered below, as internal
// ones do. The list of them is as old as this program, which does less harm than a misspelt
// domain that is noticed when its certificate does not come.
func unknownSuffix(name string) error {
	if suffix, icann := publicsuffix.PublicSuffix(name); !icann && !strings.Contains(suffix, ".") {
		return fmt.Errorf("ends in .%s, below which nobody can register: Let's Encrypt gives no certificate for it", suffix)
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
