package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// What nginz tells to whom follows from the ConfigMaps that wire-server's chart renders.
func TestNginz(t *testing.T) {
	s := state{ConfigMaps: map[string]configMap{
		"default/nginz": {Data: map[string]string{"nginx.conf": `map $http_origin $cors_header {
    default "";
    "https://webapp.green.example.org" "$http_origin";
    "https://webapp.red.example.com" "$http_origin";
}`}},
		"default/brig": {Data: map[string]string{"brig.yaml": "optSettings:\n  setFederationDomain: green.example.org\n"}},
	}}
	const red = "https://webapp.red.example.com"
	for name, test := range map[string]struct {
		method, path, origin string
		status               int
		allowed, credentials string
		body                 string
	}{
		"preflight":               {http.MethodOptions, "/access", red, 204, red, "true", ""},
		"without credentials":     {http.MethodOptions, "/api-version", red, 204, red, "", ""},
		"another site":            {http.MethodOptions, "/access", "https://webapp.blue.example.net", 204, "", "true", ""},
		"no cookie":               {http.MethodPost, "/access", red, 403, red, "true", `{"code":403,"label":"invalid-credentials","message":"Forbidden"}`},
		"no token":                {http.MethodGet, "/await", red, 401, red, "", `{"code":401,"label":"unauthorized","message":"Unauthorized"}`},
		"versions":                {http.MethodGet, "/api-version", "", 200, "", "", `{"development":[],"domain":"green.example.org","federation":false,"supported":[0,1,2,3,4,5,6,7,8]}`},
		"the internal API":        {http.MethodGet, "/i/status", red, 404, "", "", "404 page not found\n"},
		"a preflight for no path": {http.MethodOptions, "/i/status", red, 404, "", "", "404 page not found\n"},
	} {
		t.Run(name, func(t *testing.T) {
			rec := httptest.NewRecorder()
			req := httptest.NewRequest(test.method, test.path, nil)
			if test.origin != "" {
				req.Header.Set("Origin", test.origin)
			}
			s.nginz("default").ServeHTTP(rec, req)
			h := rec.Header()
			if rec.Code != test.status || h.Get("Access-Control-Allow-Origin") != test.allowed || h.Get("Access-Control-Allow-Credentials") != test.credentials || rec.Body.String() != test.body {
				t.Errorf("%d %v %s", rec.Code, h, rec.Body)
			}
		})
	}
}
