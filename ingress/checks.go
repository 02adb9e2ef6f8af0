package ingress

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// check judges one answer; several may judge the same.
type check struct {
	name  string
	of    string // the question's name
	judge func(Answer, site) error
}

// checks are all that one answer alone can show.
func checks() []check {
	return []check{
		{"status", "status", found},
		{"api-version", "api-version", versions},
		{"deeplink", "deeplink", deeplink},
		{"internal", "internal", closed},
		{"cors", "cors", preflight},
		{"websocket", "websocket", handshake},
		{"assets", "assets", minio},
		{"webapp", "webapp", found},
		{"configuration", "configuration", configuration},
		{"csp", "webapp", connects},
		{"teams", "teams", found},
		{"account", "account", found},
		{"sft", "sft", conference},
	}
}

// found demands status 200.
func found(a Answer, _ site) error {
	if a.Status != http.StatusOK {
		return fmt.Errorf("%s answers %d %s", a.URL, a.Status, http.StatusText(a.Status))
	}
	return nil
}

// object demands status 200 and a JSON object.
func object(a Answer, into any) error {
	if err := found(a, site{}); err != nil {
		return err
	}
	kind := a.Header.Get("Content-Type")
	if media, _, err := mime.ParseMediaType(kind); err != nil || media != "application/json" {
		return fmt.Errorf("%s is of type %q, not application/json", a.URL, kind)
	}
	if err := json.Unmarshal(a.Body, into); err != nil {
		return fmt.Errorf("%s holds something else: %w", a.URL, err)
	}
	return nil
}

// versions demands what every client asks for first.
func versions(a Answer, _ site) error {
	var known struct {
		Supported []int `json:"supported"`
	}
	if err := object(a, &known); err != nil {
		return err
	}
	if len(known.Supported) == 0 {
		return fmt.Errorf("%s names no supported version", a.URL)
	}
	return nil
}

// deeplink checks that the file from which apps configure themselves is there
// and names this domain and no other.
func deeplink(a Answer, s site) error {
	var link struct {
		Endpoints map[string]string `json:"endpoints"`
	}
	if err := object(a, &link); err != nil {
		return err
	}
	if err := endpoints(link.Endpoints, s.domain); err != nil {
		return fmt.Errorf("%s: %w", a.URL, err)
	}
	return nil
}

// foreign are the endpoints that may lead elsewhere: for all domains they are
// Wire's own.
var foreign = []string{"blackListURL", "websiteURL"}

// domestic are the endpoints that must be there and lie below the domain.
var domestic = []string{"accountsURL", "backendWSURL", "teamsURL"}

// endpoints checks that a deep link stays within its domain.
func endpoints(links map[string]string, domain string) error {
	var errs []error
	if want := "https://" + api(domain); links["backendURL"] != want {
		errs = append(errs, fmt.Errorf("backendURL is %q, should be %q", links["backendURL"], want))
	}
	keys := append(slices.Collect(maps.Keys(links)), domestic...)
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		if slices.Contains(foreign, key) || key == "backendURL" {
			continue
		}
		if u, err := url.Parse(links[key]); err != nil || u.Scheme != "https" || !below(u.Hostname(), domain) {
			errs = append(errs, fmt.Errorf("%s is %q, not https below %s", key, links[key], domain))
		}
	}
	return errors.Join(errs...)
}

// closed demands that what services ask each other is not to be had from outside.
func closed(a Answer, _ site) error {
	switch a.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return nil
	}
	return fmt.Errorf("%s answers %d: the internal API is open", a.URL, a.Status)
}

// preflight demands that a browser lets the domain's webapp call its API.
func preflight(a Answer, s site) error {
	if a.Status != http.StatusOK && a.Status != http.StatusNoContent {
		return fmt.Errorf("OPTIONS %s answers %d", a.URL, a.Status)
	}
	var errs []error
	if err := allowed(a, s); err != nil {
		errs = append(errs, err)
	}
	if got := a.Header.Get("Access-Control-Allow-Credentials"); got != "true" {
		errs = append(errs, fmt.Errorf("OPTIONS %s allows no cookies: Access-Control-Allow-Credentials is %q", a.URL, got))
	}
	return errors.Join(errs...)
}

// allowed demands that the domain's webapp may read the answer.
func allowed(a Answer, s site) error {
	if want, got := "https://webapp."+s.domain, a.Header.Get("Access-Control-Allow-Origin"); got != want {
		return fmt.Errorf("%s does not allow %s: Access-Control-Allow-Origin is %q", a.URL, want, got)
	}
	return nil
}

// handshake demands that the way of WebSockets leads to the API: it takes the handshake, or
// asks who it is.
func handshake(a Answer, _ site) error {
	if a.Status != http.StatusSwitchingProtocols && a.Status != http.StatusUnauthorized {
		return fmt.Errorf("%s answers a WebSocket's handshake with %d", a.URL, a.Status)
	}
	return nil
}

// minio demands that MinIO answers, be it that it knows nobody.
func minio(a Answer, _ site) error {
	if a.Status == http.StatusOK {
		return nil
	}
	if a.Status == http.StatusForbidden && strings.Contains(string(a.Body), "<Code>AccessDenied</Code>") {
		return nil
	}
	return fmt.Errorf("%s answers %d, not as MinIO does", a.URL, a.Status)
}

// configured is how the webapp hands its configuration on (wire-webapp, ConfigRoute.ts).
const configured = "window.wire.env ="

// configuration demands that the webapp on this domain calls this domain's API.
func configuration(a Answer, s site) error {
	if err := found(a, s); err != nil {
		return err
	}
	_, text, there := strings.Cut(string(a.Body), configured)
	var env struct {
		REST string `json:"BACKEND_REST"`
		WS   string `json:"BACKEND_WS"`
	}
	if err := json.NewDecoder(strings.NewReader(text)).Decode(&env); !there || err != nil {
		return fmt.Errorf("%s holds no configuration: there is no JSON behind %q", a.URL, configured)
	}
	var errs []error
	if want := "https://" + api(s.domain); env.REST != want {
		errs = append(errs, fmt.Errorf("%s: BACKEND_REST is %q, should be %q", a.URL, env.REST, want))
	}
	if want := "wss://nginz-ssl." + s.domain; env.WS != want {
		errs = append(errs, fmt.Errorf("%s: BACKEND_WS is %q, should be %q", a.URL, env.WS, want))
	}
	return errors.Join(errs...)
}

// connects demands that the webapp's content security policy lets it connect to its own API and
// to the host of conference calls.
func connects(a Answer, s site) error {
	if a.Status != http.StatusOK {
		return nil // that there is no webapp is told already
	}
	targets := []string{"https://" + api(s.domain), "wss://nginz-ssl." + s.domain}
	if s.sft != "" {
		targets = append(targets, "https://"+s.sft, "wss://"+s.sft)
	}
	policies := a.Header.Values(policyHeader)
	if len(policies) == 0 {
		return fmt.Errorf("%s has no content security policy", a.URL)
	}
	var errs []error
	for _, policy := range policies {
		for _, target := range targets {
			if !parseSources(policy).connects(target) {
				errs = append(errs, fmt.Errorf("%s: its content security policy does not let it connect to %s", a.URL, target))
			}
		}
	}
	return errors.Join(errs...)
}

// conference demands that the webapp may ask the conference server where it is.
func conference(a Answer, s site) error {
	if err := found(a, s); err != nil {
		return err
	}
	return allowed(a, s)
}
