package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func ask(h http.Handler, host, path string) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	req := httptest.NewRequest(http.MethodGet, path, nil)
	req.Host = host
	h.ServeHTTP(rec, req)
	return rec
}

func TestDeeplink(t *testing.T) {
	files := nginz{files: map[string]string{
		"nginz-https.red.example.com-deeplink.json": "{}",
		"nginz-https.red.example.com-deeplink.html": "<html>",
	}}
	cases := map[string]struct {
		host, path, contentType string
		status                  int
	}{
		"json":         {"nginz-https.red.example.com", "/deeplink.json", "application/json", http.StatusOK},
		"html":         {"nginz-https.red.example.com", "/deeplink.html", "text/html", http.StatusOK},
		"with a port":  {"nginz-https.red.example.com:443", "/deeplink.json", "", http.StatusNotFound},
		"upper case":   {"NGINZ-https.red.example.com", "/deeplink.json", "", http.StatusNotFound},
		"other domain": {"nginz-https.blue.example.net", "/deeplink.json", "", http.StatusNotFound},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			rec := ask(files, tc.host, tc.path)
			if rec.Code != tc.status {
				t.Errorf("status %d, want %d", rec.Code, tc.status)
			}
			if got := rec.Header().Get("Content-Type"); tc.status == http.StatusOK && got != tc.contentType {
				t.Errorf("content type %q, want %q", got, tc.contentType)
			}
		})
	}
}

func TestWebapp(t *testing.T) {
	static := webapp{"BACKEND_REST": "https://nginz-https.[[hostname]]", "BACKEND_WS": "wss://nginz-ssl.[[hostname]]", "APP_NAME": "A & B", "CSP_EXTRA_CONNECT_SRC": "https://*.[[hostname]], wss://*.[[hostname]]"}
	dynamic := webapp{"ENABLE_DYNAMIC_HOSTNAME": "true"}
	maps.Copy(dynamic, static)
	cases := map[string]struct {
		env        webapp
		host, path string
		body       string
		policy     string
	}{
		"replaced": {
			dynamic, "webapp.red.example.com", "/config.js", `"BACKEND_REST":"https://nginz-https.red.example.com"`,
			"connect-src 'self' blob: data: https://*.giphy.com https://nginz-https.red.example.com wss://nginz-ssl.red.example.com https://*.red.example.com wss://*.red.example.com",
		},
		"replaced for a port": {
			dynamic, "webapp.red.example.com:443", "/config.js", `"BACKEND_REST":"https://nginz-https.red.example.com"`,
			"connect-src 'self' blob: data: https://*.giphy.com https://nginz-https.red.example.com wss://nginz-ssl.red.example.com https://*.red.example.com wss://*.red.example.com",
		},
		"not asked for": {
			static, "webapp.red.example.com", "/config.js", `"BACKEND_REST":"https://nginz-https.[[hostname]]"`,
			"connect-src 'self' blob: data: https://*.giphy.com https://nginz-https.[[hostname]] wss://nginz-ssl.[[hostname]] https://*.[[hostname]] wss://*.[[hostname]]",
		},
		"page": {
			dynamic, "webapp.red.example.com", "/", "<title>A &amp; B</title>",
			"connect-src 'self' blob: data: https://*.giphy.com https://nginz-https.red.example.com wss://nginz-ssl.red.example.com https://*.red.example.com wss://*.red.example.com",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			rec := ask(tc.env, tc.host, tc.path)
			if !strings.Contains(rec.Body.String(), tc.body) {
				t.Errorf("%s lacks %s", rec.Body, tc.body)
			}
			if got, _, _ := strings.Cut(rec.Header().Get(policyHeader), ";"); got != tc.policy {
				t.Errorf("policy is %q, want %q", got, tc.policy)
			}
		})
	}
}

func TestSnippetPolicy(t *testing.T) {
	cases := map[string]struct{ snippet, want string }{
		"more_set_headers": {`more_set_headers "content-security-policy: connect-src 'self' https://a; default-src 'self'";`, "connect-src 'self' https://a; default-src 'self'"},
		"add_header":       {"proxy_hide_header X;\nadd_header Content-Security-Policy \"img-src 'self'\" always;\n", "img-src 'self'"},
		"another header":   {`more_set_headers "X-Frame-Options: DENY";`, ""},
		"after another":    {"more_set_headers \"X-Frame-Options: DENY\";\nmore_set_headers \"Content-Security-Policy: img-src a\";", "img-src a"},
		"none":             {"", ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var i ingress
			i.Metadata.Annotations = map[string]string{"nginx.ingress.kubernetes.io/configuration-snippet": tc.snippet}
			if got := snippetHeaders(i).Get(policyHeader); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// worldOf is what an Ingress with one rule for host makes, before a webapp.
func worldOf(t *testing.T, host string, annotations map[string]string) *world {
	t.Helper()
	keys, err := newKeyring()
	if err != nil {
		t.Fatal(err)
	}
	var i ingress
	i.Metadata = metadata{Namespace: "default", Name: "one", Annotations: annotations}
	i.Spec.IngressClassName = "nginx"
	to := path{Path: "/"}
	to.Backend.Service.Name = "sftd"
	i.Spec.Rules = []rule{{Host: host}}
	i.Spec.Rules[0].HTTP.Paths = []path{to}
	return newWorld(state{
		Ingresses: map[string]ingress{"default/one": i},
		Services:  map[string]service{"default/sftd": {}},
	}, "nginx", keys)
}

func TestIngressPolicyReplacesTheServices(t *testing.T) {
	w := worldOf(t, "a.example.org", map[string]string{
		"nginx.ingress.kubernetes.io/configuration-snippet": `more_set_headers "content-security-policy: img-src a";`,
	})
	m := &mirror{}
	m.world.Store(w)
	h := http.HandlerFunc((&front{mirror: m}).secure)
	if got := ask(h, "a.example.org", "/sft/url").Header().Values(policyHeader); len(got) != 1 || got[0] != "img-src a" {
		t.Errorf("policies are %q", got)
	}
}

func TestIngressRedirects(t *testing.T) {
	m := &mirror{}
	m.world.Store(worldOf(t, "a.example.org", map[string]string{redirectAnnotation: "https://b.example.org/x"}))
	got := ask(http.HandlerFunc((&front{mirror: m}).secure), "a.example.org", "/sft/url")
	if got.Code != http.StatusMovedPermanently || got.Header().Get("Location") != "https://b.example.org/x" {
		t.Errorf("%d to %q", got.Code, got.Header().Get("Location"))
	}
}

func TestOrigins(t *testing.T) {
	m := &mirror{}
	m.world.Store(worldOf(t, "sftd.green.example.org", map[string]string{
		enableCORS: "true", allowOrigin: "https://webapp.green.example.org, https://webapp.red.example.com",
	}))
	front := &front{mirror: m}
	cases := map[string]struct {
		method, origin, allowed string
		status                  int
	}{
		"first":           {http.MethodGet, "https://webapp.green.example.org", "https://webapp.green.example.org", http.StatusOK},
		"second":          {http.MethodGet, "https://webapp.red.example.com", "https://webapp.red.example.com", http.StatusOK},
		"preflight":       {http.MethodOptions, "https://webapp.red.example.com", "https://webapp.red.example.com", http.StatusNoContent},
		"another":         {http.MethodGet, "https://webapp.blue.example.net", "", http.StatusOK},
		"no origin named": {http.MethodGet, "", "", http.StatusOK},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			rec := httptest.NewRecorder()
			req := httptest.NewRequest(tc.method, "/sft/url", nil)
			req.Host = "sftd.green.example.org"
			req.Header.Set("Origin", tc.origin)
			front.secure(rec, req)
			if got := rec.Header().Get("Access-Control-Allow-Origin"); got != tc.allowed || rec.Code != tc.status {
				t.Errorf("%d allows %q, want %d and %q", rec.Code, got, tc.status, tc.allowed)
			}
		})
	}
}

func TestEnvironment(t *testing.T) {
	var s state
	err := json.Unmarshal([]byte(`{
		"configMaps": {"default/webapp": {"data": {"A": "map", "B": "map"}}},
		"deployments": {"default/webapp": {"spec": {"template": {"spec": {"containers": [
			{"envFrom": [{"configMapRef": {"name": "webapp"}}], "env": [{"name": "B", "value": "own"}]}, {"env": [{"name": "A", "value": "sidecar"}]}
		]}}}}}}`), &s)
	if err != nil {
		t.Fatal(err)
	}
	env, ok := s.environment("default", "webapp")
	if !ok || env["A"] != "map" || env["B"] != "own" {
		t.Errorf("environment is %v (%v)", env, ok)
	}
	if _, ok := s.environment("other", "webapp"); ok {
		t.Error("another namespace has the Deployment too")
	}
}
