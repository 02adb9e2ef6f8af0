package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"strings"
)

// webapp is the web client's server: a page, its script, and the configuration, with
// [[hostname]] replaced where the environment says so.
type webapp map[string]string

// script is the page's: it reads the configuration and calls its API, and whatever else the address of the page
// names, and writes down what came of it.
//
//go:embed webapp.js
var script string

func (env webapp) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	env = env.forHost(hostname(req))
	rw.Header().Set(policyHeader, environmentPolicy(env))
	switch req.URL.Path {
	case "/":
		write(rw, "text/html; charset=utf-8", fmt.Sprintf("<!DOCTYPE html>\n<title>%s</title>\n<script src=\"/config.js\"></script>\n"+
			"<body>\n<pre id=\"outcome\"></pre>\n<script src=\"/webapp.js\"></script>\n", html.EscapeString(env["APP_NAME"])))
	case "/config.js":
		text, err := json.Marshal(env.client())
		if err != nil {
			http.Error(rw, err.Error(), http.StatusInternalServerError)
			return
		}
		write(rw, "application/javascript", fmt.Sprintf("window.wire = window.wire || {}; window.wire.env = %s;", text))
	case "/webapp.js":
		write(rw, "application/javascript", script)
	default:
		http.NotFound(rw, req)
	}
}

// client is what the server hands on to the browser: features and URLs in objects of their own, nothing
// of what is for itself.
func (env webapp) client() map[string]any {
	features, urls := map[string]string{}, map[string]string{}
	all := map[string]any{"FEATURE": features, "URL": urls}
	for name, value := range env {
		if feature, ok := strings.CutPrefix(name, "FEATURE_"); ok {
			features[feature] = value
		} else if url, ok := strings.CutPrefix(name, "URL_"); ok {
			urls[url] = value
		} else if !strings.HasPrefix(name, "CSP_") && name != "ENFORCE_HTTPS" && name != "ENABLE_DYNAMIC_HOSTNAME" {
			all[name] = value
		}
	}
	return all
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
