package cluster

import (
	"cmp"
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
	if meaning := meaning(reason); meaning != "" {
		return meaning + " (" + reason + ")"
	}
	return reason
}

// meaning is empty where there is no ACME problem, or one without a meaning here.
func meaning(reason string) string {
	_, problem, _ := strings.Cut(reason, problemType)
	kind, _, _ := strings.Cut(problem, ":")
	return meanings()[strings.TrimSpace(kind)]
}

// complaints tells why names were refused, the same meaning once.
func complaints(failed []challenge) string {
	var told []string
	names := map[string][]string{}
	for _, ch := range failed {
		key := cmp.Or(meaning(ch.Status.Reason), ch.Spec.Name)
		names[key] = append(names[key], ch.Spec.Name)
	}
	for _, ch := range failed {
		key := cmp.Or(meaning(ch.Status.Reason), ch.Spec.Name)
		if all := names[key]; all[0] == ch.Spec.Name {
			told = append(told, strings.Join(all, ", ")+": "+explain(cmp.Or(ch.Status.Reason, ch.Status.State)))
		}
	}
	return strings.Join(told, "; ")
}
