package e2e

import (
	"bytes"
	"encoding/json"
	"html"
	"regexp"
	"strings"
	"testing"
)

// browserOutcome of the page's script is what the browser let it reach.
type browserOutcome struct {
	REST      string         `json:"rest"`
	WebSocket string         `json:"websocket"`
	Reached   map[string]any `json:"reached"` // a status, or why there is none
	Blocked   []string       `json:"blocked"` // by the content security policy
}

// TestBrowser opens the webapp of two domains in a real Chromium on the lab's internet: each finds its own API,
// may call it and the conference server, and no other domain.
func TestBrowser(t *testing.T) {
	standing(t, red)
	for domain, other := range map[string]string{green: red, red: green} {
		t.Run(domain, func(t *testing.T) {
			sft, foreign := "https://sftd."+green+"/sft/url", "https://nginz-https."+other+"/api-version"
			saw := browse(t, "https://webapp."+domain+"/?connect="+sft+"&connect="+foreign)
			api := "https://nginz-https." + domain
			if saw.REST != api || saw.WebSocket != "wss://nginz-ssl."+domain {
				t.Errorf("the webapp is to call %s and %s", saw.REST, saw.WebSocket)
			}
			// 403 is an answer of the API to somebody without a cookie.
			for url, status := range map[string]float64{api + "/api-version": 200, api + "/access": 403, sft: 200} {
				if saw.Reached[url] != status {
					t.Errorf("%s: %v, want %v", url, saw.Reached[url], status)
				}
			}
			if got, is := saw.Reached[foreign].(string); !is || len(saw.Blocked) != 1 || saw.Blocked[0] != "connect-src "+foreign {
				t.Errorf("%s: %v %s, blocked %v", foreign, saw.Reached[foreign], got, saw.Blocked)
			}
		})
	}
}

var outcomeText = regexp.MustCompile(`(?s)<pre id="outcome">(.*?)</pre>`)

// browse opens a page and returns what its script wrote down.
func browse(t testing.TB, url string) browserOutcome {
	t.Helper()
	cmd, err := theLab.Browser(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	page, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	found := outcomeText.FindSubmatch(page)
	if found == nil || len(found[1]) == 0 {
		t.Fatalf("the page has no outcome: %s\n%s", page, said.String())
	}
	var saw browserOutcome
	if err := json.Unmarshal([]byte(html.UnescapeString(string(found[1]))), &saw); err != nil {
		t.Fatalf("%v: %s", err, found[1])
	}
	t.Logf("%s: %s", strings.TrimPrefix(url, "https://"), found[1])
	return saw
}
