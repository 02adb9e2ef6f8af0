package ingress

import (
	"net/url"
	"slices"
	"strings"
)

const policyHeader = "Content-Security-Policy"

// sources are a content security policy: its sources by directive (CSP Level 3, section 2.2).
type sources map[string][]string

func parseSources(text string) sources {
	p := sources{}
	for directive := range strings.SplitSeq(text, ";") {
		words := strings.Fields(directive)
		if len(words) == 0 {
			continue
		}
		name := strings.ToLower(words[0])
		if _, twice := p[name]; !twice { // the first counts
			p[name] = words[1:]
		}
	}
	return p
}

// connects tells whether a page with this policy, served over HTTPS from another host, may connect
// to the target, a URL with scheme and host.
func (p sources) connects(target string) bool {
	list, ok := p["connect-src"]
	if !ok {
		if list, ok = p["default-src"]; !ok {
			return true
		}
	}
	to, err := url.Parse(target)
	return err == nil && slices.ContainsFunc(list, func(source string) bool { return matches(strings.ToLower(source), to) })
}

// matches is CSP Level 3, section 6.7.2: does the URL match the source?
func matches(source string, to *url.URL) bool {
	switch {
	case source == "*":
		return to.Scheme == "https" || to.Scheme == "wss" // the schemes of the network; the page is secure
	case strings.HasPrefix(source, "'"):
		return false // keywords; 'self' is the page's own host
	case strings.HasSuffix(source, ":"):
		return schemeMatches(strings.TrimSuffix(source, ":"), to.Scheme)
	}
	scheme, rest, ok := strings.Cut(source, "://")
	if !ok {
		scheme, rest = "https", source
	}
	host, _, _ := strings.Cut(rest, "/")
	host, port, _ := strings.Cut(host, ":")
	return schemeMatches(scheme, to.Scheme) && hostMatches(host, to.Hostname()) && (port == "" || port == "*" || port == "443")
}

// schemeMatches allows, besides equality, what is more secure.
func schemeMatches(source, to string) bool {
	return source == to || source == "http" && to == "https" || source == "ws" && to != "" || source == "wss" && to == "https"
}

// hostMatches knows a star as the first label, which stands for one or more.
func hostMatches(source, host string) bool {
	if suffix, ok := strings.CutPrefix(source, "*"); ok {
		return strings.HasSuffix(host, suffix) && len(host) > len(suffix)
	}
	return source == host
}
