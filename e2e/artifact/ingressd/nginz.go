package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// nginz is the API's gateway, as its ConfigMaps tell it.
type nginz struct {
	files      map[string]string // the deeplink files, by the exact Host header
	origins    []string          // who may read the answers from other sites
	federation string            // brig's part: the federation domain
}

// corsEntry is a line of the map $http_origin $cors_header in nginx.conf.
var corsEntry = regexp.MustCompile(`"(https://[^"]+)" "\$http_origin";`)

func (s *state) nginz(namespace string) nginz {
	n := nginz{files: s.ConfigMaps[namespace+"/nginz-deeplink"].Data}
	for _, entry := range corsEntry.FindAllStringSubmatch(s.ConfigMaps[namespace+"/nginz"].Data["nginx.conf"], -1) {
		n.origins = append(n.origins, entry[1])
	}
	var brig struct {
		OptSettings struct {
			Domain string `yaml:"setFederationDomain"`
		} `yaml:"optSettings"`
	}
	// What brig itself could not read leaves the domain empty, which clients notice.
	_ = yaml.Unmarshal([]byte(s.ConfigMaps[namespace+"/brig"].Data["brig.yaml"]), &brig)
	n.federation = brig.OptSettings.Domain
	return n
}

// location is one of nginx.conf's. What has none is not to be had, the internal API among it.
type location struct {
	credentials bool // cookies may be sent from other sites
	answer      http.HandlerFunc
}

func (n nginz) location(path string) (location, bool) {
	switch path {
	case "/api-version":
		return location{answer: n.versions}, true
	case "/access": // a new token for a cookie; nobody here has one
		return location{credentials: true, answer: refuse(http.StatusForbidden, "invalid-credentials")}, true
	case "/await": // the websocket; nobody here has a token
		return location{answer: refuse(http.StatusUnauthorized, "unauthorized")}, true
	default:
		return location{}, false
	}
}

func (n nginz) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	switch req.URL.Path {
	case "/status":
		rw.WriteHeader(http.StatusOK)
		return
	case "/deeplink.json":
		n.deeplink(rw, req, "application/json")
		return
	case "/deeplink.html":
		n.deeplink(rw, req, "text/html")
		return
	}
	to, ok := n.location(req.URL.Path)
	if !ok {
		http.NotFound(rw, req)
		return
	}
	if to.credentials {
		rw.Header().Set("Access-Control-Allow-Credentials", "true")
	}
	// more_set_headers with an empty value sets none.
	if origin := req.Header.Get("Origin"); origin != "" && slices.Contains(n.origins, origin) {
		rw.Header().Set("Access-Control-Allow-Origin", origin)
	}
	rw.Header().Set("Access-Control-Expose-Headers", "Request-Id, Location, Replay-Nonce")
	rw.Header().Set("Strict-Transport-Security", "max-age=31536000; preload")
	if req.Method == http.MethodOptions {
		preflight(rw, req)
		return
	}
	to.answer(rw, req)
}

// preflight answers a browser that asks whether it may ask.
func preflight(rw http.ResponseWriter, req *http.Request) {
	rw.Header().Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS")
	rw.Header().Set("Access-Control-Allow-Headers", req.Header.Get("Access-Control-Request-Headers")+
		", DNT,X-Mx-ReqToken,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type")
	rw.WriteHeader(http.StatusNoContent)
}

// versions is brig's answer to what every client asks first.
func (n nginz) versions(rw http.ResponseWriter, _ *http.Request) {
	text, err := json.Marshal(map[string]any{
		"development": []int{}, "domain": n.federation, "federation": false, "supported": []int{0, 1, 2, 3, 4, 5, 6, 7, 8},
	})
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	write(rw, "application/json", string(text))
}

// refuse is how the API tells that it may not be asked.
func refuse(status int, label string) http.HandlerFunc {
	return func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(status)
		fmt.Fprintf(rw, `{"code":%d,"label":%q,"message":%q}`, status, label, http.StatusText(status))
	}
}

// deeplink serves $http_host-deeplink.{json,html} as nginz does: the name is
// the header as it came, case and port included. Everybody may read it.
func (n nginz) deeplink(rw http.ResponseWriter, req *http.Request, contentType string) {
	if origin := req.Header.Get("Origin"); origin != "" {
		rw.Header().Set("Access-Control-Allow-Origin", origin)
	}
	text, ok := n.files[req.Host+"-"+strings.TrimPrefix(req.URL.Path, "/")]
	if !ok {
		http.NotFound(rw, req)
		return
	}
	write(rw, contentType, text)
}
