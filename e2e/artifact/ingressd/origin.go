package main

import (
	"net/http"
	"slices"
	"strings"
)

// The annotations by which ingress-nginx is told about CORS.
const (
	enableCORS  = "nginx.ingress.kubernetes.io/enable-cors"
	allowOrigin = "nginx.ingress.kubernetes.io/cors-allow-origin"
)

// allowedOrigins is the comma-separated list of an Ingress with CORS; "*" is
// what ingress-nginx takes for none.
func allowedOrigins(i ingress) []string {
	if i.Metadata.Annotations[enableCORS] != "true" {
		return nil
	}
	list := i.Metadata.Annotations[allowOrigin]
	if list == "" {
		return []string{"*"}
	}
	origins := strings.Split(list, ",")
	for n := range origins {
		origins[n] = strings.TrimSpace(origins[n])
	}
	return origins
}

// allow lets the request's origin read the answer if it is one of origins. True
// says that the request was no more than this question, and is answered.
func allow(rw http.ResponseWriter, req *http.Request, origins []string) bool {
	if len(origins) == 0 {
		return false
	}
	origin := req.Header.Get("Origin")
	switch {
	case slices.Contains(origins, "*"):
		rw.Header().Set("Access-Control-Allow-Origin", "*")
	case slices.Contains(origins, origin):
		rw.Header().Set("Access-Control-Allow-Origin", origin)
		rw.Header().Add("Vary", "Origin")
	}
	if req.Method != http.MethodOptions {
		return false
	}
	rw.Header().Set("Access-Control-Allow-Methods", "GET, PUT, POST, DELETE, PATCH, OPTIONS")
	rw.WriteHeader(http.StatusNoContent)
	return true
}
