package ingress

import (
	"net/http"
	"slices"
)

// question is one request, as a client makes it.
type question struct {
	name   string
	method string // GET if empty
	host   string
	path   string
	header http.Header
}

// url is what is asked for.
func (q question) url() string { return "https://" + q.host + q.path }

// questions are all that a site is asked (contract section 17), of what it serves. None of the API's is among
// those that nginz limits by the client's address, which is the same for all domains here.
func (s site) questions() []question {
	browser := http.Header{"Origin": {"https://webapp." + s.domain}}
	preflight := browser.Clone()
	preflight.Set("Access-Control-Request-Method", http.MethodPost)
	preflight.Set("Access-Control-Request-Headers", "content-type")
	upgrade := browser.Clone()
	upgrade.Set("Connection", "Upgrade")
	upgrade.Set("Upgrade", "websocket")
	upgrade.Set("Sec-WebSocket-Version", "13")
	upgrade.Set("Sec-WebSocket-Key", "d2lhYmN0bCB2ZXJpZmllcw==") // any 16 bytes in base64

	all := []question{
		{name: "status", host: api(s.domain), path: "/status"},
		{name: "api-version", host: api(s.domain), path: "/api-version"},
		{name: "deeplink", host: api(s.domain), path: "/deeplink.json"},
		{name: "internal", host: api(s.domain), path: "/i/status"},
		// What the webapp asks first of all; OPTIONS needs no token.
		{name: "cors", method: http.MethodOptions, host: api(s.domain), path: "/access", header: preflight},
		{name: "websocket", host: "nginz-ssl." + s.domain, path: "/await?client=0", header: upgrade},
		{name: "assets", host: "assets." + s.domain, path: "/"},
		{name: "webapp", host: "webapp." + s.domain, path: "/"},
		{name: "configuration", host: "webapp." + s.domain, path: "/config.js"},
		{name: "teams", host: "teams." + s.domain, path: "/"},
		{name: "account", host: "account." + s.domain, path: "/"},
	}
	all = slices.DeleteFunc(all, func(q question) bool { return !slices.Contains(s.hosts, q.host) })
	if s.ours {
		all = append(all, question{name: "sft", host: s.sft, path: "/sft/url", header: browser})
	}
	return all
}

// byHost puts the questions to one host together, in their order.
func byHost(all []question) (hosts []string, of map[string][]question) {
	of = map[string][]question{}
	for _, q := range all {
		if of[q.host] == nil {
			hosts = append(hosts, q.host)
		}
		of[q.host] = append(of[q.host], q)
	}
	return hosts, of
}
