package main

import (
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// backend is what stands behind a service; false if nothing does, as when the
// service's Deployment is not there.
func (w *world) backend(to route) (http.Handler, bool) {
	switch {
	case strings.HasPrefix(to.service, "nginz"):
		return w.gateway(to.namespace), true
	case strings.HasPrefix(to.service, "webapp"):
		env, ok := w.state.environment(to.namespace, "webapp")
		return webapp(env), ok
	case strings.HasPrefix(to.service, "account-pages"):
		env, ok := w.state.environment(to.namespace, "account-pages")
		return page(env), ok
	case strings.HasPrefix(to.service, "team-settings"):
		env, ok := w.state.environment(to.namespace, "team-settings")
		return page(env), ok
	case strings.HasPrefix(to.service, "s3-http"), strings.HasPrefix(to.service, "minio"):
		return http.HandlerFunc(accessDenied), true
	case strings.HasPrefix(to.service, solverService):
		return w.state.solver(to.namespace, to.service)
	case to.service == "sftd":
		return http.HandlerFunc(sftURL), true
	default:
		return nil, false
	}
}

// page is one of the small sites that show little but their name.
type page map[string]string

func (env page) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	if req.URL.Path != "/" {
		http.NotFound(rw, req)
		return
	}
	rw.Header().Set(policyHeader, environmentPolicy(env))
	write(rw, "text/html; charset=utf-8", document(env))
}

// document is an HTML page titled APP_NAME that lists an environment.
func document(env map[string]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<title>%s</title>\n<dl>\n", html.EscapeString(env["APP_NAME"]))
	for _, name := range slices.Sorted(maps.Keys(env)) {
		fmt.Fprintf(&b, "<dt>%s<dd>%s\n", html.EscapeString(name), html.EscapeString(env[name]))
	}
	b.WriteString("</dl>\n")
	return b.String()
}

// accessDenied is how MinIO answers somebody without a key.
func accessDenied(rw http.ResponseWriter, req *http.Request) {
	rw.Header().Set("Content-Type", "application/xml")
	rw.WriteHeader(http.StatusForbidden)
	fmt.Fprintf(rw, `<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>AccessDenied</Code><Message>Access Denied.</Message><Resource>%s</Resource></Error>`, html.EscapeString(req.URL.Path))
}

// sftURL tells where the conference server is, as sftd's own nginx does.
func sftURL(rw http.ResponseWriter, req *http.Request) {
	if req.URL.Path != "/sft/url" {
		http.NotFound(rw, req)
		return
	}
	write(rw, "text/plain", "https://"+hostname(req))
}

func write(rw http.ResponseWriter, contentType, text string) {
	rw.Header().Set("Content-Type", contentType)
	io.WriteString(rw, text) //nolint:errcheck // the client has gone away, then
}
