package main

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

const policyHeader = "Content-Security-Policy"

// policyDirective finds the header in an nginx snippet, in either of the two
// ways to set one.
var policyDirective = regexp.MustCompile(`(?i)(?:more_set_headers\s+"content-security-policy:\s*|add_header\s+content-security-policy\s+")([^"]*)"`)

// snippetPolicy is the policy that an Ingress sets by its configuration
// snippet; empty if it sets none.
func snippetPolicy(i ingress) string {
	snippet := i.Metadata.Annotations["nginx.ingress.kubernetes.io/configuration-snippet"]
	found := policyDirective.FindStringSubmatch(snippet)
	if found == nil {
		return ""
	}
	return strings.TrimSpace(found[1])
}

// policed puts the Ingress' policy in the place of the service's own.
type policed struct {
	http.ResponseWriter
	policy string
	done   bool
}

// WriteHeader sets the policy at the last moment.
func (p *policed) WriteHeader(status int) {
	p.police()
	p.ResponseWriter.WriteHeader(status)
}

// Write does too: a body may come without a status.
func (p *policed) Write(b []byte) (int, error) {
	p.police()
	return p.ResponseWriter.Write(b)
}

func (p *policed) police() {
	if !p.done {
		p.done = true
		p.Header().Set(policyHeader, p.policy)
	}
}

// environmentPolicy is the policy that the webapp makes of its CSP_EXTRA_*_SRC.
func environmentPolicy(env map[string]string) string {
	var directives []string
	for name, value := range env {
		kind, ok := strings.CutPrefix(name, "CSP_EXTRA_")
		kind, isSource := strings.CutSuffix(kind, "_SRC")
		if !ok || !isSource {
			continue
		}
		sources := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
		directives = append(directives, strings.ToLower(kind)+"-src 'self' "+strings.Join(sources, " "))
	}
	slices.Sort(directives)
	return strings.Join(directives, ";")
}
