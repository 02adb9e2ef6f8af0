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
	via    string // the host whose connection it goes over: the same, unless one is shared
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
		{name: "assets", host: "assets." + s.domain, path: "/"},
		{name: "webapp", host: "webapp." + s.domain, path: "/"},
		{name: "configuration", host: "webapp." + s.domain, path: "/config.js"},
		{name: "teams", host: "teams." + s.domain, path: "/"},
		{name: "account", host: "account." + s.domain, path: "/"},
		{name: "websocket", host: "nginz-ssl." + s.domain, path: "/await?client=0", header: upgrade},
	}
	all = slices.DeleteFunc(all, func(q question) bool { return !slices.Contains(s.hosts, q.host) })
	if s.ours {
		all = append(all, question{name: "sft", host: s.sft, path: "/sft/url", header: browser})
	}
	for i := range all {
		all[i].via = all[i].host
	}
	return all
}

// shared has the questions to a site's own hosts go over one connection, as browsers do over HTTP/2 where one
// certificate covers all names (RFC 9113, section 9.1.1). A handshake of WebSockets needs a connection of its own, so
// only its path is asked for: who has no token is refused in the same way.
func (s site) shared(all []question) []question {
	for i := range all {
		if slices.Contains(s.hosts, all[i].host) {
			all[i].via = s.hosts[0]
		}
		all[i].header = all[i].header.Clone()
		all[i].header.Del("Connection")
		all[i].header.Del("Upgrade")
	}
	return all
}

// byConnection puts the questions over one connection together, in their order.
func byConnection(all []question) (hosts []string, over map[string][]question) {
	over = map[string][]question{}
	for _, q := range all {
		if over[q.via] == nil {
			hosts = append(hosts, q.via)
		}
		over[q.via] = append(over[q.via], q)
	}
	return hosts, over
}
