package main

import (
	"slices"
	"strings"
)

const policyHeader = "Content-Security-Policy"

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
