package provision

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wiabctl/cluster"
	"wiabctl/ingress"
)

// opened is the installation of a configuration.
func opened(t *testing.T, content string) *Installation {
	t.Helper()
	config, err := Parse([]byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return Open(config, nil)
}

func TestLayerSources(t *testing.T) {
	broken := errors.New("the disk is broken")
	for name, tc := range map[string]struct {
		fails map[string]error
		is    error
		says  string
	}{
		"an artifact":           {},
		"none":                  {map[string]error{"values/webapp/prod-values.example.yaml": fs.ErrNotExist}, fs.ErrNotExist, ""},
		"without account pages": {map[string]error{"charts/account-pages/Chart.yaml": fs.ErrNotExist, "values/account-pages/prod-values.example.yaml": fs.ErrNotExist}, nil, ""},
		"a file that fails":     {map[string]error{"charts/account-pages/values.yaml": broken}, broken, ""},
		"a chart that fails":    {map[string]error{"charts/wire-server/Chart.yaml": broken}, broken, ""},
		"a chart without YAML":  {map[string]error{"charts/wire-server/Chart.yaml": nil}, nil, "charts/wire-server/Chart.yaml: "},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := layerSources(func(file string) ([]byte, error) {
				switch failure, found := tc.fails[file]; {
				case failure != nil:
					return nil, failure
				case found:
					return []byte("\t:"), nil
				}
				return os.ReadFile(filepath.Join(miniature, file))
			})
			switch {
			case tc.is != nil && !errors.Is(err, tc.is), tc.is == nil && (err == nil) != (tc.says == ""):
				t.Errorf("got %v, want %v", err, tc.is)
			case tc.says != "" && !strings.Contains(err.Error(), tc.says):
				t.Errorf("got %v, want %q", err, tc.says)
			case err == nil && (a.Versions["wire-server"] != "5.32.0" || len(a.Webapp) == 0):
				t.Errorf("got %v, and %d bytes of the webapp", a.Versions, len(a.Webapp))
			}
		})
	}
}

// What is rendered holds no secret: neither a certificate nor TURN's.
func TestRenderingHoldsNoSecret(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("hunter2hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	i := opened(t, allKinds+strings.Replace(wireCloud, "/etc/wiabctl/turn.secret", secret, 1))
	r, err := rendering(i.renderedSet(), sources(t, miniature))
	if err != nil {
		t.Fatal(err)
	}
	for release, at := range map[string]map[string]any{"wire-server": r.Layers["wire-server"], "blue": r.Own[1].Own} {
		if text := fmt.Sprint(at); strings.Contains(text, "hunter2") || strings.Count(text, standIn) == 0 {
			t.Errorf("of %s is rendered %s", release, text)
		}
	}
	set, err := i.secretSet()
	if err != nil || set.Calls.Secret != "hunter2hunter2" || i.domainSet().Calls.Secret != "" {
		t.Errorf("deployed is the secret %q, %v", set.Calls.Secret, err)
	}
	if err := os.Remove(secret); err != nil {
		t.Fatal(err)
	}
	if _, err := i.secretSet(); !errors.Is(err, ConfigInvalid.Failf("")) || !errors.Is(i.callingCheck(t.Context()), ConfigInvalid.Failf("")) {
		t.Errorf("without the file of the secret: %v", err)
	}
}

// The chart of an artifact that cannot take the domains is refused before anything is rendered.
func TestRenderingOfAnOldArtifact(t *testing.T) {
	a := sources(t, miniature)
	a.Versions["wire-server"] = "5.13.0"
	if _, err := rendering(opened(t, allKinds).renderedSet(), a); !errors.Is(err, ingress.ChartUnfit.Failf("")) {
		t.Errorf("got %v", err)
	}
}

func TestMarked(t *testing.T) {
	for name, tc := range map[string]struct {
		content string
		want    map[string]string // by release
	}{
		"self-hosted": {smallest + "domains: [{domain: red.example.com}]", map[string]string{
			"wire-server": "map[domains:[red.example.com]]", "webapp": "map[domains:[red.example.com]]",
			"sftd": "map[calling:self-hosted domains:[red.example.com]]", "coturn": "map[calling:self-hosted]"}},
		"elsewhere": {smallest + wireCloud, map[string]string{"wire-server": "map[calling:wire-cloud domains:[]]", "webapp": "map[domains:[]]"}},
	} {
		t.Run(name, func(t *testing.T) {
			i := opened(t, tc.content)
			for release, want := range tc.want {
				if got := fmt.Sprint(i.marked(release)); got != want {
					t.Errorf("%s is marked %s, want %s", release, got, want)
				}
			}
		})
	}
}

// What is wrong without the user's overlays is not theirs.
func TestOverlaysOf(t *testing.T) {
	users := map[string]ingress.UserOverlay{"webapp": {File: "webapp.yaml"}, "smtp": {File: "smtp.yaml"}}
	of := cluster.Rendering{Users: map[string]map[string]any{"webapp": {"a": 1}, "smtp": {}}}
	if got := overlaysOf(of, users); len(got) != 2 {
		t.Errorf("rendered with %v", got)
	}
	if got := overlaysOf(of.Bare(), users); len(got) != 0 || len(users) != 2 {
		t.Errorf("rendered without any: %v, of %v", got, users)
	}
}

func TestCheckRendered(t *testing.T) {
	set := opened(t, smallest+"domains: [{domain: red.example.com}]").renderedSet()
	err := checkRendered(set, sources(t, miniature), nil, map[string]cluster.Rendered{"webapp": {Refusal: "Error: no"}}).Err()
	if !errors.Is(err, ingress.ChartUnfit.Failf("")) || !strings.Contains(err.Error(), "webapp refuses its values: Error: no") {
		t.Errorf("got %v", err)
	}
}

// What is told of an overlay holds none of its secrets, wherever the file is.
func TestBlameTellsNoSecret(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a[b]*")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "wire-server.yaml")
	if err := os.WriteFile(file, []byte("brig: {secrets: {smtpPassword: hunter2hunter2}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := blame([]string{file}, errors.New("helm says hunter2hunter2"))
	if !errors.Is(err, OverlayInvalid.Failf("")) || !strings.Contains(err.Error(), file) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("told: %v", err)
	}
}
