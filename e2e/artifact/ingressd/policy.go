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

// ownSources are what the webapp's policy begins with (wire-webapp, server.config.ts).
var ownSources = map[string]string{
	"connect": "'self' blob: data: https://*.giphy.com", "default": "'self'", "font": "'self' data:", "frame": "https://*.soundcloud.com https://*.spotify.com https://*.vimeo.com https://*.youtube-nocookie.com",
	"img": "'self' blob: data: https://*.giphy.com", "manifest": "'self'", "media": "'self' blob: data:", "object": "'none'",
	"script": "'self' 'unsafe-eval'", "style": "'self' 'unsafe-inline'", "worker": "'self' blob:",
}

// environmentPolicy is the policy that the webapp makes of its environment: its own sources, its API, and
// what CSP_EXTRA_*_SRC lists between commas.
func environmentPolicy(env map[string]string) string {
	var directives []string
	for kind, own := range ownSources {
		sources := []string{own}
		if kind == "connect" {
			sources = append(sources, env["BACKEND_REST"], env["BACKEND_WS"])
		}
		list := strings.Join(strings.Fields(env["CSP_EXTRA_"+strings.ToUpper(kind)+"_SRC"]), "")
		if extra := strings.Split(list, ","); list != "" && kind == "object" {
			sources = extra
		} else if list != "" {
			sources = append(sources, extra...)
		}
		directives = append(directives, kind+"-src "+strings.Join(sources, " "))
	}
	slices.Sort(directives)
	return strings.Join(directives, ";")
}
