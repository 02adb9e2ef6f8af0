package ingress

import (
	"fmt"
	"slices"
	"strings"
)

// KnownLeak is something by which one domain tells of another that no value of this release's
// charts can change (contract section 15.3).
type KnownLeak struct {
	What   string `json:"what"`   // in one word or two
	Tells  string `json:"tells"`  // what it tells, and to whom
	Remedy string `json:"remedy"` // what can be done about it
}

// Ways are how the domains are reached.
type Ways struct {
	Open   []string // the domains that lead to this host itself, without a proxy
	Closed bool     // whether HTTPS is for the proxies alone
}

// KnownLeaks are those of this set with these pages. A backend with one domain has none.
func (s Set) KnownLeaks(fixed Fixed, ways Ways) []KnownLeak {
	if len(s.Extra) == 0 {
		return nil
	}
	all := []KnownLeak{
		{"federation domain", "the ids of all users and conversations end in " + s.Default + ", and /api-version of every domain names it to everybody",
			"none once there are users: install the backend with a neutral default domain"},
		{"mails", "sender and links of all mails are " + s.Default + "'s, for the backend has one text for all",
			"a neutral default domain; the sender can be set in overlays/wire-server.yaml (brig.config.emailSMS)"},
		{"provisioning", "SCIM of all teams is at https://" + api(s.Default) + "/scim/v2", "none; whoever sets up SCIM learns the default domain"},
	}
	all = append(all, s.callLeaks()...)
	for _, page := range []struct {
		app   App
		what  string
		fixed string
	}{{Account, "account pages", fixed.Account}, {Teams, "team settings", fixedTeams}} {
		if on := s.serving(page.app); page.fixed != "" && len(on) > 0 {
			all = append(all, KnownLeak{page.what, fmt.Sprintf("%s; on %s they call %s", page.fixed, strings.Join(on, ", "), api(s.Default)),
				fmt.Sprintf("leave %s out of the domain's apps", page.app)})
		}
	}
	if len(ways.Open) > 1 {
		all = append(all, KnownLeak{"address", "these lead to one address: " + strings.Join(ways.Open, ", "), "a proxy in front of each (domains[].proxy)"})
	}
	if len(ways.Open) > 0 {
		all = append(all, KnownLeak{"origins", "the API of these lets the pages of every domain read its answers, so who guesses another one learns that it is the same backend's: " + strings.Join(ways.Open, ", "),
			"a proxy in front of each: it tells the backend of no other domain's pages"})
	}
	if !ways.Closed {
		all = append(all, KnownLeak{"scans", "this host's address shows the certificate of every domain to whoever asks for it by name",
			"a proxy in front of each domain, and network.https: proxies"})
	}
	return append(all, KnownLeak{"certificate logs", "public logs show when each certificate was issued; those that were ordered in one run lie minutes apart",
		"add domains on different days, or bring your own certificates"})
}

// callLeaks are those of calls that the installation serves itself.
func (s Set) callLeaks() []KnownLeak {
	if !s.site(s.Default).ours {
		return nil
	}
	return []KnownLeak{
		{"conference calls", "all go through " + s.SFT + ", which the webapp's content security policy names on every domain", "calling: wire-cloud, or none"},
		{"calls", "all are relayed by one TURN server, whose address is this host's", "calling: wire-cloud, or none"},
	}
}

// serving are the extra domains that serve an app.
func (s Set) serving(app App) []string {
	var on []string
	for _, d := range s.Extra {
		if d.Serves(app) {
			on = append(on, d.Domain)
		}
	}
	return on
}

// Fixed tells which pages name the default domain on every domain, and why.
type Fixed struct {
	Account string // empty if they follow the domain of the request: Artifact.AccountPagesFixed
}

// fixedTeams is why team settings do.
const fixedTeams = "no release of team-settings serves more than one domain"

// unavoidable is why an answer cannot but name that host; empty if it can.
func (s Set) unavoidable(fixed Fixed, question string, l Leak) string {
	page := l.Of == s.Default && slices.Contains([]string{"body", "policy"}, l.Kind)
	switch {
	case l.Kind == "policy" && s.site(s.Default).ours && l.Name == s.SFT:
		return "one conference server serves all domains"
	case question == "api-version" && l.Kind == "body" && l.Name == s.Default:
		return "it is the federation domain of all users"
	case question == "account" && page:
		return fixed.Account
	case question == "teams" && page:
		return fixedTeams
	}
	return ""
}
