package main

import (
	"net/http"
	"regexp"
	"strings"
)

// The annotations of an Ingress that change what its services answer.
const (
	snippetAnnotation  = "nginx.ingress.kubernetes.io/configuration-snippet"
	redirectAnnotation = "nginx.ingress.kubernetes.io/permanent-redirect"
)

// setHeader finds a header in an nginx snippet, in either of the two ways to set one.
var setHeader = regexp.MustCompile(`(?i)(?:more_set_headers\s+"([a-z-]+):\s*|add_header\s+([a-z-]+)\s+")([^"]*)"`)

// snippetHeaders are those that an Ingress sets by its configuration snippet.
func snippetHeaders(i ingress) http.Header {
	headers := http.Header{}
	for _, found := range setHeader.FindAllStringSubmatch(i.Metadata.Annotations[snippetAnnotation], -1) {
		headers.Set(found[1]+found[2], strings.TrimSpace(found[3]))
	}
	return headers
}

// overridden puts the Ingress' headers in the place of the service's own.
type overridden struct {
	http.ResponseWriter
	headers http.Header
	done    bool
}

// WriteHeader sets the headers at the last moment.
func (o *overridden) WriteHeader(status int) {
	o.override()
	o.ResponseWriter.WriteHeader(status)
}

// Write does too: a body may come without a status.
func (o *overridden) Write(b []byte) (int, error) {
	o.override()
	return o.ResponseWriter.Write(b)
}

// Unwrap lets a connection be taken over.
func (o *overridden) Unwrap() http.ResponseWriter { return o.ResponseWriter }

func (o *overridden) override() {
	if o.done {
		return
	}
	o.done = true
	for name := range o.headers {
		o.Header().Set(name, o.headers.Get(name))
	}
}
