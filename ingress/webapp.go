package ingress

import (
	"fmt"
	"strings"
)

// exampleDomain is what upstream's values files write for the default domain.
const exampleDomain = "example.com"

// hostname is what the webapp replaces by the host of the request, less its
// "webapp.", if ENABLE_DYNAMIC_HOSTNAME is the text "true".
const hostname = "[[hostname]]"

// connect is the variable with the hosts that the webapp may connect to.
const connect = "CSP_EXTRA_CONNECT_SRC"

// WebappOverlay is the layer over the release webapp: each value that names the
// default domain names the domain of the request instead. values is the
// artifact's own file, prod-values.example.yaml or what the script made of it, so
// whatever keys this release has are kept. It is nil without an extra domain.
//
// The ingress of an extra domain could send a content security policy of its own
// (renderCSPInIngress), but that one lacks the host of conference calls. So the
// webapp sends it, with that host added.
func WebappOverlay(s Set, values []byte) (Values, error) {
	if len(s.Extra) == 0 {
		return nil, nil
	}
	var own struct {
		Config struct {
			ExternalURLs map[string]any `yaml:"externalUrls"`
		} `yaml:"config"`
		EnvVars map[string]any `yaml:"envVars"`
	}
	if err := unmarshal(values, &own); err != nil {
		return nil, fmt.Errorf("read the webapp's values: %w", err)
	}
	if len(own.Config.ExternalURLs) == 0 || len(own.EnvVars) == 0 {
		return nil, fmt.Errorf("read the webapp's values: no config.externalUrls or no envVars: the overlays do not know this release")
	}
	variables := s.dynamic(own.EnvVars)
	variables["ENABLE_DYNAMIC_HOSTNAME"] = "true"
	if sources := s.connectSources(own.EnvVars, variables); sources != "" {
		variables[connect] = sources
	}
	return Values{
		"config":  Values{"externalUrls": s.dynamic(own.Config.ExternalURLs)},
		"envVars": variables,
	}, nil
}

// dynamic are those of the values that name the default domain, rewritten.
func (s Set) dynamic(values map[string]any) Values {
	rewritten := Values{}
	for key, value := range values {
		text, ok := value.(string)
		if !ok {
			continue
		}
		// The default domain first: it may itself end in example.com.
		dynamic := substitute(substitute(text, s.Default), exampleDomain)
		if dynamic != text {
			rewritten[key] = dynamic
		}
	}
	return rewritten
}

// connectSources are the hosts to connect to, with that of conference calls.
func (s Set) connectSources(before, after Values) string {
	sources, ok := after[connect].(string)
	if !ok {
		sources, _ = before[connect].(string)
	}
	if sources == "" {
		sources = "https://*." + hostname + ", wss://*." + hostname
	}
	if s.SFT == "" {
		return sources
	}
	return sources + ", https://" + s.SFT + ", wss://" + s.SFT
}

// substitute replaces a domain where it stands as a whole name or at the end of
// one: not in notexample.com, nor in example.com.au.
func substitute(text, domain string) string {
	if domain == "" {
		return text
	}
	var out strings.Builder
	for rest := text; ; {
		at := strings.Index(rest, domain)
		if at < 0 {
			return out.String() + rest
		}
		before, after := text[:len(text)-len(rest)+at], rest[at+len(domain):]
		out.WriteString(rest[:at])
		if endsName(after) && !strings.ContainsAny(last(before), nameCharacters) {
			out.WriteString(hostname)
		} else {
			out.WriteString(domain)
		}
		rest = after
	}
}

const nameCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

// endsName tells whether a name that this text follows ends there; a full stop
// ends it if no further label comes.
func endsName(after string) bool {
	after = strings.TrimPrefix(after, ".")
	return after == "" || !strings.ContainsAny(after[:1], nameCharacters)
}

// last is the last byte, if there is one.
func last(text string) string { return text[max(len(text)-1, 0):] }
