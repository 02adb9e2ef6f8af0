package ingress

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// anArtifact is one of release 5.32.
func anArtifact(t testing.TB) Artifact {
	t.Helper()
	return Artifact{
		Webapp:       readTestdata(t, "webapp-values.yaml"),
		AccountPages: readTestdata(t, "account-pages-values.yaml"),
		Versions:     map[string]string{"wire-server": "5.32.0", "account-pages": "0.9.0-pre.49"},
	}
}

func TestChartVersionsDecide(t *testing.T) {
	s := threeDomains()
	for name, tc := range map[string]struct {
		version string
		set     Set
		unset   any
		says    string // why it is refused
	}{
		"5.32":                        {"5.32.0", s.Set(true), nil, ""},
		"the first of one chart":      {"5.29.0-pre.3", s.Set(true), nil, ""},
		"the last of subcharts":       {"5.28.4", s.Set(true), "", ""},
		"the first of extra domains":  {"5.14.0", s.Set(true), "", ""},
		"before extra domains":        {"5.13.9", s.Set(true), nil, "the chart wire-server 5.13.9 knows no extra domains"},
		"a version that is none":      {"latest", s.Set(true), nil, `has the version "latest"`},
		"no version":                  {"", s.Set(true), nil, `has the version ""`},
		"calls alone, before domains": {"5.13.9", (Set{Default: s.Domain}).CallsBy(Calls{}), "", ""},
		"calls, and no version":       {"latest", (Set{Default: s.Domain}).CallsBy(Calls{}), nil, `has the version "latest"`},
		"nothing asked for":           {"latest", Set{Default: s.Domain}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := anArtifact(t)
			a.Versions["wire-server"] = tc.version
			layers, err := Overlays(tc.set, a)
			if tc.says != "" {
				if !errors.Is(err, ChartUnfit.Failf("")) || !strings.Contains(err.Error(), tc.says) {
					t.Errorf("got %v, want %q", err, tc.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(tc.set.Extra) == 0 {
				return
			}
			for _, path := range [][]string{{"galley", "config", "settings", "conversationCodeURI"}, {"cargohold", "config", "aws", "s3DownloadEndpoint"}} {
				last := len(path) - 1
				mapping := at(layers["wire-server"], path[:last]...).(Values)
				if got, there := mapping[path[last]]; !there || got != tc.unset {
					t.Errorf("%s is %v (there: %v), want %v", strings.Join(path, "."), got, there, tc.unset)
				}
			}
		})
	}
}

func TestCallsOverlay(t *testing.T) {
	s := threeDomains()
	cloud := s.Set(false).CallsBy(Calls{SFT: "https://sft.example.org:8443", TURN: []string{"turn:turn.example.org:3478"}, Secret: "s3cret"})
	if cloud.SFT != "sft.example.org:8443" {
		t.Errorf("the host of conference calls is %q", cloud.SFT)
	}
	golden(t, "wire-server-cloud.golden.yaml", WireServerOverlay(cloud, anArtifact(t)))
	cloud.Extra = nil
	golden(t, "wire-server-cloud-alone.golden.yaml", WireServerOverlay(cloud, anArtifact(t)))
	none := Set{Default: "green.example.org"}.CallsBy(Calls{})
	golden(t, "wire-server-nocalls.golden.yaml", WireServerOverlay(none, anArtifact(t)))
	if got := SftdOverlay(none); got != nil {
		t.Errorf("sftd has a layer without calls: %v", got)
	}
	if got := WireServerOverlay(Set{Default: "green.example.org"}, anArtifact(t)); got != nil {
		t.Errorf("calls of the installation's own need a layer: %v", got)
	}
}

// Where others serve conference calls, the browser has to be allowed to connect to them.
func TestWebappOverlayAllowsTheConferenceServer(t *testing.T) {
	s := threeDomains()
	overlay, err := WebappOverlay(s.Set(false).CallsBy(Calls{SFT: "https://sft.example.org"}), readTestdata(t, "webapp-values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := at(overlay, "envVars", connect).(string); !strings.HasSuffix(got, ", https://sft.example.org, wss://sft.example.org") {
		t.Errorf("%s is %q", connect, got)
	}
}

func TestAccountPages(t *testing.T) {
	s := threeDomains()
	const fixed, unknown = "account-pages 0.9.0-pre.49 serve one domain", "is not known"
	for name, tc := range map[string]struct {
		change func(*Artifact)
		why    string // they are left as they are
	}{
		"of release 5.32":       {func(*Artifact) {}, fixed},
		"an older one":          {func(a *Artifact) { a.Versions["account-pages"] = "0.8.0" }, "account-pages 0.8.0 serve one domain"},
		"a newer one":           {func(a *Artifact) { a.Versions["account-pages"] = "0.9.0-pre.50" }, unknown},
		"no version":            {func(a *Artifact) { a.Versions["account-pages"] = "latest" }, unknown},
		"the chart tells of it": {func(a *Artifact) { a.AccountDefaults = []byte("envVars: {}\n# ENABLE_DYNAMIC_HOSTNAME: \"true\"\n") }, ""},
		"the artifact tells of it": {func(a *Artifact) {
			a.AccountPages = append(a.AccountPages, "  ENABLE_DYNAMIC_HOSTNAME: \"false\"\n"...)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := anArtifact(t)
			tc.change(&a)
			if why := a.AccountPagesFixed(); (why == "") != (tc.why == "") || !strings.Contains(why, tc.why) {
				t.Errorf("they are left as they are because %q, want %q", why, tc.why)
			}
			overlay, err := AccountPagesOverlay(s.Set(true), a)
			if err != nil {
				t.Fatal(err)
			}
			if tc.why != "" {
				if overlay != nil {
					t.Errorf("they get a layer: %v", overlay)
				}
				return
			}
			golden(t, "account-pages.golden.yaml", overlay)
			layers, err := Overlays(s.Set(true), a)
			if got := slices.Sorted(maps.Keys(layers)); err != nil || cmp.Diff([]string{"account-pages", "sftd", "webapp", "wire-server"}, got) != "" {
				t.Errorf("layers %v, %v", got, err)
			}
		})
	}
}
