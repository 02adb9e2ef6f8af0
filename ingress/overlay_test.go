package ingress

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWireServerOverlay(t *testing.T) {
	s := threeDomains()
	golden(t, "wire-server.golden.yaml", WireServerOverlay(s.Set(true), anArtifact(t)))
}

func TestWebappOverlay(t *testing.T) {
	s := threeDomains()
	example := readTestdata(t, "webapp-values.yaml")
	// What helm-operations.sh makes of the example: its sed knows no boundaries.
	produced := []byte(strings.ReplaceAll(string(example), "example.com", s.Domain))
	tests := map[string]struct {
		values  []byte
		calling bool
		file    string
	}{
		"upstream's example":      {example, true, "webapp.golden.yaml"},
		"without conference host": {example, false, "webapp-nocalling.golden.yaml"},
		"the script's product":    {produced, true, "webapp-produced.golden.yaml"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			overlay, err := WebappOverlay(s.Set(test.calling), test.values)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, test.file, overlay)
		})
	}
}

func TestWebappOverlayKeepsWhatItDoesNotKnow(t *testing.T) {
	s := threeDomains()
	overlay, err := WebappOverlay(s.Set(true), readTestdata(t, "webapp-values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	variables := overlay["envVars"].(Values)
	for _, key := range []string{"FEATURE_NEW_IN_THIS_RELEASE", "APP_NAME", "NUMBER"} {
		if value, ok := variables[key]; ok {
			t.Errorf("the overlay sets %s to %v, and should leave it", key, value)
		}
	}
}

func TestWebappOverlayRefusesUnknownValues(t *testing.T) {
	s := threeDomains()
	for name, values := range map[string]string{
		"no YAML":      "a: [",
		"no envVars":   "config: {externalUrls: {appHost: webapp.example.com}}",
		"other layout": "webapp: {envVars: {A: b}}",
	} {
		t.Run(name, func(t *testing.T) {
			if overlay, err := WebappOverlay(s.Set(true), []byte(values)); err == nil {
				t.Errorf("got %v, want an error", overlay)
			}
		})
	}
}

func TestSubstitute(t *testing.T) {
	for text, want := range map[string]string{
		"example.com":                   "[[hostname]]",
		"https://webapp.example.com/x":  "https://webapp.[[hostname]]/x",
		"https://*.example.com, b":      "https://*.[[hostname]], b",
		"example.com example.com":       "[[hostname]] [[hostname]]",
		"example.com.":                  "[[hostname]].",
		"notexample.com":                "notexample.com",
		"not-example.com":               "not-example.com",
		"example.com.au":                "example.com.au",
		"example.community":             "example.community",
		"wss://example.com:443":         "wss://[[hostname]]:443",
		"notexample.com, a.example.com": "notexample.com, a.[[hostname]]",
		"":                              "",
	} {
		t.Run(text, func(t *testing.T) {
			if got := substitute(text, "example.com"); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestSubstituteDefaultDomainBelowTheExample(t *testing.T) {
	s := Set{Default: "wire.example.com"}
	got := s.dynamic(map[string]any{
		"produced": "https://nginz-https.wire.example.com",
		"example":  "https://nginz-https.example.com",
	})
	want := Values{"produced": "https://nginz-https.[[hostname]]", "example": "https://nginz-https.[[hostname]]"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSftdOverlay(t *testing.T) {
	s := threeDomains()
	golden(t, "sftd.golden.yaml", SftdOverlay(s.Set(true)))
	if got := SftdOverlay(s.Set(false)); got != nil {
		t.Errorf("without calling: got %v, want nil", got)
	}
}

func TestOverlays(t *testing.T) {
	s := threeDomains()
	layers, err := Overlays(s.Set(true), anArtifact(t))
	if err != nil {
		t.Fatal(err)
	}
	got := slices.Sorted(maps.Keys(layers))
	if diff := cmp.Diff([]string{"sftd", "webapp", "wire-server"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestNoOverlaysWithoutExtraDomain(t *testing.T) {
	s := threeDomains()
	s.Domains = nil
	layers, err := Overlays(s.Set(true), Artifact{})
	if err != nil || len(layers) != 0 {
		t.Errorf("got %v, %v; want neither layers nor error", layers, err)
	}
}

func TestEveryDomainIsLookedUpByItsAPIHost(t *testing.T) {
	s := threeDomains()
	overlay := WireServerOverlay(s.Set(true), anArtifact(t))
	want := []string{"nginz-https.blue.example.net", "nginz-https.green.example.org", "nginz-https.red.example.com"}
	for name, path := range map[string][]string{
		"galley":    {"galley", "config", "settings", "multiIngress"},
		"cargohold": {"cargohold", "config", "aws", "multiIngress"},
		"spar":      {"spar", "config", "domainConfigs"},
	} {
		t.Run(name, func(t *testing.T) {
			at := overlay
			for _, key := range path {
				at = at[key].(Values)
			}
			if diff := cmp.Diff(want, slices.Sorted(maps.Keys(at))); diff != "" {
				t.Error(diff)
			}
		})
	}
}
