package ingress

import "strings"

// pages are the values of one of the web apps, as far as they may name a domain.
type pages struct {
	Config struct {
		ExternalURLs map[string]any `yaml:"externalUrls"`
	} `yaml:"config"`
	EnvVars map[string]any `yaml:"envVars"`
}

// readPages reads the artifact's own values of the chart of that name.
func readPages(chart string, values []byte) (pages, error) {
	var own pages
	if err := unmarshal(values, &own); err != nil {
		return own, ChartUnfit.Failf("read the artifact's values of %s: %w", chart, err)
	}
	if len(own.Config.ExternalURLs) == 0 || len(own.EnvVars) == 0 {
		return own, ChartUnfit.Failf("the artifact's values of %s have no config.externalUrls or no envVars: the layers do not know this release", chart)
	}
	return own, nil
}

const (
	// hostname is what the web apps replace by the host of the request, less their own label
	// before it, if dynamicHostname is the text "true".
	hostname        = "[[hostname]]"
	dynamicHostname = "ENABLE_DYNAMIC_HOSTNAME"
	// exampleDomain is what upstream's values files write for the default domain.
	exampleDomain = "example.com"
)

// follow is the layer by which the pages follow the domain of the request. Whatever keys
// this release has beyond those that name a domain stay as they are.
func (s Set) follow(own pages) Values {
	variables := s.dynamic(own.EnvVars)
	variables[dynamicHostname] = "true"
	return Values{"config": Values{"externalUrls": s.dynamic(own.Config.ExternalURLs)}, "envVars": variables}
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
