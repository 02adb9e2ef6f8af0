package cluster

import (
	"regexp"
	"strings"
)

// What cert-manager and Let's Encrypt say, by the beginning or the type of it.
const (
	// selfCheck begins the reason of a challenge that cert-manager itself cannot fetch yet.
	selfCheck = "Waiting for HTTP-01 challenge propagation: "
	// problemType begins a problem's type (RFC 8555, 6.7).
	problemType = "urn:ietf:params:acme:error:"
	rateLimited = problemType + "rateLimited"
)

// meanings are what the types of problems mean to somebody who has to mend them.
func meanings() map[string]string {
	return map[string]string{
		"rateLimited":  "Let's Encrypt has been asked too often",
		"connection":   "Let's Encrypt does not get through to port 80 from the internet, which nothing in here can test: look at what stands before this host",
		"dns":          "Let's Encrypt finds no usable DNS record of the name",
		"caa":          "a CAA record of the domain keeps Let's Encrypt from issuing",
		"unauthorized": "port 80 answered Let's Encrypt with something else than the challenge: the name leads elsewhere, or there is an AAAA record",
	}
}

// noise is what cert-manager says before what went wrong, and what is said elsewhere.
var noise = regexp.MustCompile(`^(Error accepting authorization: acme: authorization error for \S+: |Failed to create Order: |failed to perform self check GET request '[^']*': )`)

// explain says what a reason means where it bears the type of an ACME problem, and quotes
// it in one line.
func explain(reason string) string {
	reason = noise.ReplaceAllString(strings.Join(strings.Fields(reason), " "), "")
	_, problem, ok := strings.Cut(reason, problemType)
	if !ok {
		return reason
	}
	kind, _, _ := strings.Cut(problem, ":")
	if meaning := meanings()[strings.TrimSpace(kind)]; meaning != "" {
		return meaning + " (" + reason + ")"
	}
	return reason
}
