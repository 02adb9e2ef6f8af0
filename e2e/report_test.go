package e2e

import (
	"bytes"
	"encoding/json"
	"html"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wiabctl/e2e/lab"
)

// seenPage is what a script that stands behind a page's end sees of it.
type seenPage struct {
	Width, Scroll int      // of the window, and of all that is on the page
	Background    float64  // its luminance, 0 to 1
	Text          string   // as it is shown
	Links         []string // where they lead
	Outside       []string // what sticks out of the window
	Faint         []string // text with a contrast below 4.5 to 1 (WCAG 2.2, 1.4.3)
}

// lookScript notes what there is to see.
const lookScript = `<pre id="outcome" hidden></pre><script>
const colour = s => s.match(/[\d.]+/g).map(Number);
const luminance = c => { const [r, g, b] = c.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const behind = e => { for (; e; e = e.parentElement) { const c = colour(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
const seen = {Width: innerWidth, Scroll: document.documentElement.scrollWidth, Background: luminance(behind(document.body)), Text: document.body.innerText,
  Links: [...document.links].map(a => a.href), Outside: [], Faint: []};
for (const e of document.body.querySelectorAll('*:not(svg *)')) {
  const at = e.getBoundingClientRect();
  if (!at.width || e.id == 'outcome' || e.closest('thead') && innerWidth < 641 || e.closest('svg')) continue;
  if (at.right > innerWidth + 1) seen.Outside.push(e.outerHTML.slice(0, 100));
  if (![...e.childNodes].some(n => n.nodeType == 3 && n.data.trim())) continue;
  const [a, b] = [luminance(colour(getComputedStyle(e).color)), luminance(behind(e))].sort((x, y) => y - x);
  if ((a + 0.05) / (b + 0.05) < 4.5) seen.Faint.push(e.outerHTML.slice(0, 100));
}
outcome.textContent = JSON.stringify(seen);
</script>`

// TestReport looks at the report of an installation as a person does, at a desk, on a phone and in the dark. The pictures
// are kept with -artifacts.
func TestReport(t *testing.T) {
	standing(t, red)
	a := mustWiabctl(t, "report", "/root/wire.html")
	saysEach(t, a.stdout, "/root/wire.html: As configured, and well")
	page := readHost(t, "/root/wire.html")
	onHost(t, "rm /root/wire.html")
	for _, secret := range madeSecrets(t) {
		if strings.Contains(page, secret) {
			t.Fatalf("a secret is on the page: %.6s...", secret)
		}
	}
	for name, look := range map[string]lab.Look{
		"desk": {Width: 1280, Height: 3000}, "desk at night": {Width: 1280, Height: 3000, Dark: true},
		"phone": {Width: 375, Height: 5000}, "phone at night": {Width: 375, Height: 5000, Dark: true},
	} {
		t.Run(name, func(t *testing.T) {
			seen := lookAt(t, page, look)
			if seen.Width != look.Width || seen.Scroll > look.Width || len(seen.Outside) > 0 {
				t.Errorf("in a window of %d all is %d wide; outside: %s", seen.Width, seen.Scroll, seen.Outside)
			}
			if len(seen.Faint) > 0 {
				t.Errorf("hard to read: %s", strings.Join(seen.Faint, "\n"))
			}
			if dark := seen.Background < 0.1; dark != look.Dark {
				t.Errorf("the background has a luminance of %.2f", seen.Background)
			}
			saysEach(t, seen.Text, "As configured, and well", green, red, "leads here", "kubenode3", "192.168.122.23", "certificates", "wiabctl up", "wire-server-5.")
			for _, link := range []string{"https://webapp." + green + "/", "https://nginz-https." + red + "/deeplink.json"} {
				if !slices.Contains(seen.Links, link) {
					t.Errorf("no link leads to %s: %s", link, seen.Links)
				}
			}
		})
	}
}

// lookAt opens a page in a real browser and draws it.
func lookAt(t *testing.T, page string, look lab.Look) (seen seenPage) {
	t.Helper()
	dir := t.ArtifactDir()
	if err := os.WriteFile(filepath.Join(dir, "page.html"), []byte(page+lookScript), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd, err := theLab.Picture(t.Context(), dir, look)
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	became, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	_, after, _ := strings.Cut(string(became), `<pre id="outcome" hidden="">`)
	outcome, _, _ := strings.Cut(after, "</pre>")
	if err := json.Unmarshal([]byte(html.UnescapeString(outcome)), &seen); err != nil {
		t.Fatalf("%v: %s\n%s", err, outcome, said.String())
	}
	if picture, err := os.Stat(filepath.Join(dir, "picture.png")); err != nil || picture.Size() < 10000 {
		t.Errorf("no picture: %v, %v", picture, err)
	}
	return seen
}
