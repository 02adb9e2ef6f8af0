package e2e

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
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
	installed(t, red)
	home := browserHome(t)
	for domain, other := range map[string]string{green: red, red: green} {
		t.Run(domain, func(t *testing.T) {
			sft, foreign := "https://sftd."+green+"/sft/url", "https://nginz-https."+other+"/api-version"
			saw := browse(t, home, "https://webapp."+domain+"/?connect="+sft+"&connect="+foreign)
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

// browserHome is a home directory whose browser trusts whom all on the lab's internet trust.
func browserHome(t testing.TB) string {
	t.Helper()
	home := t.TempDir()
	database := filepath.Join(home, ".pki", "nssdb")
	if err := os.MkdirAll(database, 0o700); err != nil {
		t.Fatal(err)
	}
	certutil := func(input []byte, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "certutil", append([]string{"-d", "sql:" + database}, args...)...)
		cmd.Stdin = bytes.NewReader(input)
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", cmd, err, said)
		}
	}
	certutil(nil, "-N", "--empty-password")
	trusted, err := os.ReadFile(filepath.Join(theLab.Dir(), "ca", "trusted.crt"))
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ {
		block, rest := pem.Decode(trusted)
		if block == nil {
			return home
		}
		certutil(pem.EncodeToMemory(block), "-A", "-a", "-t", "C,,", "-n", "lab "+strconv.Itoa(n))
		trusted = rest
	}
}

var outcomeText = regexp.MustCompile(`(?s)<pre id="outcome">(.*?)</pre>`)

// browse opens a page and returns what its script wrote down.
func browse(t testing.TB, home, url string) browserOutcome {
	t.Helper()
	// As root there is no sandbox; the page is the lab's own. Virtual time ends when nothing is under way.
	cmd := theLab.Internet(t.Context(), "chromium-headless-shell", "--no-sandbox", "--user-data-dir="+filepath.Join(home, "profile"),
		"--disable-gpu", "--virtual-time-budget=60000", "--dump-dom", url)
	var said bytes.Buffer
	cmd.Env, cmd.Stderr = append(os.Environ(), "HOME="+home), &said
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
