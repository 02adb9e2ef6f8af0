package ingress

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// planted are answers of red with one thing wrong.
func planted(question, body string, names []string, header ...string) answers {
	a := Answer{URL: "https://webapp.red.example.com/", Status: 200, Header: http.Header{}, Body: []byte(body), Words: names}
	for i := 0; i < len(header); i += 2 {
		a.Header.Add(header[i], header[i+1])
	}
	return answers{question: a}
}

// fixed are the pages of today's artifacts.
var fixed = Fixed{Account: "the account pages serve one domain"}

func TestLeaks(t *testing.T) {
	set := Set{Default: "green.example.org", SFT: "sftd.green.example.org",
		Extra: []Domain{{Domain: "red.example.com"}, {Domain: "blue.example.net"}, {Domain: "deep.red.example.com"}, {Domain: "xn--grn-ioa.example"}}}
	config := base64.StdEncoding.EncodeToString([]byte(`{"backend": "https://nginz-https.blue.example.net"}`))
	tests := map[string]struct {
		got   answers
		kind  string // of the one leak; none if empty
		name  string
		known bool
	}{
		"nothing":                        {planted("webapp", "webapp.red.example.com wire.com", []string{"webapp.red.example.com"}), "", "", false},
		"header":                         {planted("webapp", "", nil, "X-Backend", "nginz.blue.example.net"), "header", "nginz.blue.example.net", false},
		"CORS header":                    {planted("cors", "", nil, "Access-Control-Allow-Origin", "https://webapp.green.example.org"), "header", "webapp.green.example.org", false},
		"cookie":                         {planted("webapp", "", nil, "Set-Cookie", "a=b; Domain=.blue.example.net"), "header", "blue.example.net", false},
		"second value of a header":       {planted("webapp", "", nil, "Via", "one", "Via", "blue.example.net"), "header", "blue.example.net", false},
		"body":                           {planted("webapp", `<a href="https://TEAMS.Blue.Example.NET/">`, nil), "body", "teams.blue.example.net", false},
		"certificate":                    {planted("webapp", "", []string{"webapp.red.example.com", "webapp.blue.example.net"}), "certificate", "webapp.blue.example.net", false},
		"wildcard certificate":           {planted("webapp", "", []string{"*.blue.example.net"}), "certificate", "blue.example.net", false},
		"redirect":                       {planted("webapp", "", nil, "Location", "https://webapp.blue.example.net/"), "redirect", "webapp.blue.example.net", false},
		"policy":                         {planted("webapp", "", nil, policyHeader, "connect-src https://*.blue.example.net"), "policy", "blue.example.net", false},
		"deep link":                      {planted("deeplink", `{"websiteURL":"https:\/\/blue.example.net"}`, nil), "deeplink", "blue.example.net", false},
		"percent-encoded":                {planted("webapp", "?to=https%3A%2F%2Fteams%2Eblue.example%2enet%2F", nil), "body", "teams.blue.example.net", false},
		"base64":                         {planted("webapp", `config="`+config+`"`, nil), "body", "nginz-https.blue.example.net", false},
		"base64 for URLs, unpadded":      {planted("webapp", "?config="+strings.TrimRight(config, "="), nil), "body", "nginz-https.blue.example.net", false},
		"letters beyond ASCII":           {planted("webapp", "see grün.example.", nil), "body", "xn--grn-ioa.example", false},
		"percent-encoded in a parameter": {planted("webapp", "", nil, "Location", "https://webapp.red.example.com/?to=https%3A%2F%2Fred.example.com%3Fto%3Dhttps%253A%252F%252Fblue.example.net"), "redirect", "blue.example.net", false},
		"a slash in a script":            {planted("webapp", `{"a":"https:\u002F\u002Fblue.example.net\u002f"}`, nil), "body", "blue.example.net", false},
		"a slash in an old script":       {planted("webapp", `'\x2F\x2Fblue\x2eexample.net'`, nil), "body", "blue.example.net", false},
		"a line in a script":             {planted("webapp", `"see\nblue.example.net\ttoo"`, nil), "body", "blue.example.net", false},
		"in typographic quotes":          {planted("webapp", "see “blue.example.net”", nil), "body", "blue.example.net", false},
		"behind a space that is none":    {planted("webapp", "see\u00a0blue.example.net\u2026", nil), "body", "blue.example.net", false},
		"letters in two parts":           {planted("webapp", "see gru\u0308n.example", nil), "body", "xn--grn-ioa.example", false},
		"letters beside an underscore":   {planted("webapp", "see a_b.Grün.example", nil), "body", "a_b.xn--grn-ioa.example", false},
		"full stops of the Far East":     {planted("webapp", "see blue。example。net。", nil), "body", "blue.example.net", false},
		"below a name that is none":      {planted("webapp", "xn--a.blue.example.net", nil), "body", "xn--a.blue.example.net", false},
		"in bytes that are no text":      {planted("webapp", "\xffblue.example.net\xfe", nil), "body", "blue.example.net", false},
		"a domain below this one":        {planted("webapp", "webapp.deep.red.example.com", nil), "body", "webapp.deep.red.example.com", false},
		"only the letters alike":         {planted("webapp", "notblue.example.net blue.example.network blue.example.net-work blue-example.net", nil), "", "", false},
		"a full stop behind it":          {planted("webapp", "It is blue.example.net.", nil), "body", "blue.example.net", false},
		"SFT in the policy":              {planted("webapp", "", nil, policyHeader, "connect-src wss://sftd.green.example.org"), "policy", "sftd.green.example.org", true},
		"SFT elsewhere":                  {planted("webapp", "sftd.green.example.org", nil), "body", "sftd.green.example.org", false},
		"default domain in the policy":   {planted("webapp", "", nil, policyHeader, "connect-src https://*.green.example.org"), "policy", "green.example.org", false},
		"federation domain":              {planted("api-version", `{"domain":"green.example.org"}`, nil), "body", "green.example.org", true},
		"a host of the federation's":     {planted("api-version", `{"domain":"webapp.green.example.org"}`, nil), "body", "webapp.green.example.org", false},
		"account pages with the default": {planted("account", "https://nginz-https.green.example.org", nil), "body", "nginz-https.green.example.org", true},
		"account pages with another":     {planted("account", "https://nginz-https.blue.example.net", nil), "body", "nginz-https.blue.example.net", false},
		"account pages, redirected":      {planted("account", "", nil, "Location", "https://account.green.example.org"), "redirect", "account.green.example.org", false},
		"team settings with the default": {planted("teams", "", nil, policyHeader, "connect-src https://*.green.example.org"), "policy", "green.example.org", true},
		"sftd, which is elsewhere":       {planted("sft", "https://sftd.green.example.org", []string{"sftd.green.example.org"}), "", "", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			found := set.leaks("red.example.com", fixed, test.got)
			if test.kind == "" {
				if len(found) > 0 {
					t.Errorf("found %v", found)
				}
				return
			}
			if len(found) != 1 || found[0].Kind != test.kind || found[0].Name != test.name || (found[0].Known != "") != test.known {
				t.Errorf("found %+v, want %s of %s", found, test.kind, test.name)
			}
		})
	}
	// Pages that follow the domain of the request have no reason to name another.
	if found := set.leaks("red.example.com", Fixed{}, planted("account", "nginz-https.green.example.org", nil)); len(found) != 1 || found[0].Known != "" {
		t.Errorf("account pages that could do better: %v", found)
	}
	// What lies above is another's too, and what is below is one's own.
	if found := set.leaks("deep.red.example.com", fixed, planted("webapp", "webapp.red.example.com a.deep.red.example.com", nil)); len(found) != 1 || found[0].Of != "red.example.com" {
		t.Errorf("below another domain: %v", found)
	}
}

// What cannot be avoided is told, and fails nothing.
func TestLeakFinding(t *testing.T) {
	got := planted("account", "nginz-https.green.example.org webapp.blue.example.net", nil)
	f := greenAndRed.leakFinding("red.example.com", fixed, got)
	if !strings.Contains(f.Problem, "webapp.blue.example.net") || strings.Contains(f.Problem, "green") || len(f.Notes) != 1 || !strings.Contains(f.Notes[0], fixed.Account) {
		t.Errorf("got %+v", f)
	}
}

func TestSources(t *testing.T) {
	for name, test := range map[string]struct {
		policy, target string
		allowed        bool
	}{
		"exact":                            {"connect-src https://a.org", "https://a.org", true},
		"another scheme":                   {"connect-src https://a.org", "wss://a.org", false},
		"wss allows https":                 {"connect-src wss://a.org", "https://a.org", true},
		"http allows https":                {"connect-src http://a.org", "https://a.org", true},
		"no scheme":                        {"connect-src a.org", "https://a.org", true},
		"no scheme is not wss":             {"connect-src a.org", "wss://a.org", false},
		"star":                             {"connect-src *", "wss://a.org", true},
		"star of a domain":                 {"connect-src https://*.a.org", "https://b.a.org", true},
		"star of two labels":               {"connect-src https://*.a.org", "https://c.b.a.org", true},
		"star is not the domain":           {"connect-src https://*.a.org", "https://a.org", false},
		"star at a label":                  {"connect-src https://*.a.org", "https://ba.org", false},
		"scheme alone":                     {"connect-src wss:", "wss://a.org", true},
		"capital letters":                  {"Connect-Src HTTPS://A.ORG", "https://a.org", true},
		"port of https":                    {"connect-src https://a.org:443", "https://a.org", true},
		"another port":                     {"connect-src https://a.org:8443", "https://a.org", false},
		"a path":                           {"connect-src https://a.org/x", "https://a.org", true},
		"self is the page's host":          {"connect-src 'self'", "https://a.org", false},
		"none":                             {"connect-src 'none'", "https://a.org", false},
		"by default":                       {"default-src https://a.org; img-src b.org", "https://a.org", true},
		"connect-src before default-src":   {"default-src *; connect-src 'self'", "https://a.org", false},
		"the first of two":                 {"connect-src 'self'; connect-src *", "https://a.org", false},
		"neither":                          {"img-src 'self'", "https://a.org", true},
		"the same in capitals in a source": {"connect-src https://*.A.org", "https://b.a.org", true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := parseSources(test.policy).connects(test.target); got != test.allowed {
				t.Errorf("%q allows %s: %v", test.policy, test.target, got)
			}
		})
	}
}

// What a host says may be anything, and costs no more than reading it.
func FuzzHostNames(f *testing.F) {
	for _, text := range []string{"", "webapp.red.example.com", "%2e%", "aGVsbG8gd29ybGQgaGVsbG8=", "\xff.a", "ü.x", "..", "-.-"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		names := hostNames(text + " webapp.red.example.com ")
		if !slices.Contains(names, "webapp.red.example.com") {
			t.Errorf("the name is not found behind %q", text)
		}
	})
}

// BenchmarkLeaks looks through a MiB of a page for the names of a hundred domains.
func BenchmarkLeaks(b *testing.B) {
	set := greenAndRed
	for i := range 100 {
		set.Extra = append(set.Extra, Domain{Domain: "d" + string(rune('a'+i%26)) + ".example.org"})
	}
	body := strings.Repeat(`window.a=function(b){return b.call.apply(this,"https://wire.com/%20x")};`, longestAnswer/70)
	got := planted("webapp", body, nil)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		set.leaks("red.example.com", fixed, got)
	}
	if each := b.Elapsed() / time.Duration(b.N); each > time.Second {
		b.Errorf("%s for one page", each)
	}
}
