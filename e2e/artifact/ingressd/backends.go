package main

import (
	"encoding/json"
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
		files := w.state.ConfigMaps[to.namespace+"/nginz-deeplink"].Data
		return nginz(files), true
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

// nginz is the API's gateway: its status and the deeplink files that the
// ConfigMap nginz-deeplink holds by the exact Host header.
type nginz map[string]string

func (files nginz) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	switch req.URL.Path {
	case "/status":
		rw.WriteHeader(http.StatusOK)
	case "/api-version":
		write(rw, "application/json", `{"development":[],"domain":"","federation":false,"supported":[0,1,2,3,4,5,6,7,8]}`)
	case "/await": // the websocket; nobody here has a token
		rw.WriteHeader(http.StatusUnauthorized)
	case "/deeplink.json":
		files.deeplink(rw, req, "application/json")
	case "/deeplink.html":
		files.deeplink(rw, req, "text/html")
	default:
		http.NotFound(rw, req)
	}
}

// deeplink serves $http_host-deeplink.{json,html} as nginz does: the name is
// the header as it came, case and port included.
func (files nginz) deeplink(rw http.ResponseWriter, req *http.Request, contentType string) {
	text, ok := files[req.Host+"-"+strings.TrimPrefix(req.URL.Path, "/")]
	if !ok {
		http.NotFound(rw, req)
		return
	}
	write(rw, contentType, text)
}

// webapp shows its environment, with [[hostname]] replaced where it does that.
type webapp map[string]string

func (env webapp) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	env = env.forHost(hostname(req))
	if policy := environmentPolicy(env); policy != "" {
		rw.Header().Set(policyHeader, policy)
	}
	switch req.URL.Path {
	case "/":
		write(rw, "text/html; charset=utf-8", document(env))
	case "/config.js":
		text, err := json.Marshal(env)
		if err != nil {
			http.Error(rw, err.Error(), http.StatusInternalServerError)
			return
		}
		write(rw, "application/javascript", fmt.Sprintf("window.wire = window.wire || {}; window.wire.env = %s;\n", text))
	default:
		http.NotFound(rw, req)
	}
}

// forHost replaces [[hostname]] by the host without "webapp.", if
// ENABLE_DYNAMIC_HOSTNAME says so.
func (env webapp) forHost(name string) webapp {
	if env["ENABLE_DYNAMIC_HOSTNAME"] != "true" {
		return env
	}
	replaced := webapp{}
	for k, v := range env {
		replaced[k] = strings.ReplaceAll(v, "[[hostname]]", strings.TrimPrefix(name, "webapp."))
	}
	return replaced
}

// page is one of the small sites that show little but their name.
type page map[string]string

func (env page) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	if req.URL.Path != "/" {
		http.NotFound(rw, req)
		return
	}
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
