package provision

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wiabctl/cluster"
	"wiabctl/ingress"
)

// miniature is the artifact of the lab, whose charts read their values where Wire's do.
const miniature = "../e2e/artifact/files"

// charts is the artifact that is rendered: the miniature, or what WIAB_CHARTS names, a
// directory with an artifact's charts/ and values/.
func charts() string {
	if dir := os.Getenv("WIAB_CHARTS"); dir != "" {
		return dir
	}
	return miniature
}

// sources are the files of an artifact that the layers depend on.
func sources(t testing.TB, dir string) ingress.Artifact {
	t.Helper()
	a, err := layerSources(func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, name)) })
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// render renders as the stage does, with the artifact's charts and the helm of the lab.
func render(t testing.TB, artifact string, r cluster.Rendering) map[string]cluster.Rendered {
	t.Helper()
	kubebox := os.Getenv("WIABCTL_KUBEBOX")
	if kubebox == "" {
		t.Skip("WIABCTL_KUBEBOX names no kubebox with helm beside it")
	}
	artifact, err := filepath.Abs(artifact)
	if err != nil {
		t.Fatal(err)
	}
	deploy := t.TempDir()
	for _, name := range []string{"charts", "values"} {
		if err := os.Symlink(filepath.Join(artifact, name), filepath.Join(deploy, name)); err != nil {
			t.Fatal(err)
		}
	}
	argv := r.Command()
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdin = deploy, bytes.NewReader(r.Input())
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(kubebox)+":"+os.Getenv("PATH"))
	var said strings.Builder
	cmd.Stderr = &said
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	rendered, err := cluster.ParseRendered(output)
	if err != nil {
		t.Fatal(err)
	}
	return rendered
}

// allKinds has a domain of every kind that a release can be of.
const allKinds = smallest + `domains:
  - {domain: red.example.com, title: Red}
  - {domain: blue.example.net, certificate: {cert: c, key: k}}
  - {domain: pink.example.org, certificate: {staging: true}, apps: [webapp, account]}
  - domain: grey.example.net
    certificate: {solvers: [{dns01: {webhook: {solverName: x, groupName: y}}}]}
    apps: [webapp]
`

const wireCloud = `calling:
  mode: wire-cloud
  turn: ["turn:turn.example.org:3478", "turn:turn.example.org:3478?transport=tcp"]
  sft: https://sft.example.org
  secret: /etc/wiabctl/turn.secret
`

// TestFixtures holds what package ingress tests its check with to what helm makes of the
// miniature's charts.
func TestFixtures(t *testing.T) {
	config, err := Parse([]byte(allKinds + wireCloud))
	if err != nil {
		t.Fatal(err)
	}
	a := sources(t, miniature)
	a.AccountDefaults = []byte("# ENABLE_DYNAMIC_HOSTNAME") // as newer ones have it
	want, err := rendering(Open(config, nil).renderedSet(), a)
	if err != nil {
		t.Fatal(err)
	}
	config.Ingress.Domains[0].Proxy = &ingress.Proxy{Address: netip.MustParseAddr("198.51.100.20")}
	self := config.Ingress.Set(true)
	self.Node = "kubenode3"
	want.Layers["sftd"], want.Layers["coturn"], want.Layers[ingress.Controller] = ingress.SftdOverlay(self), ingress.CoturnOverlay(self), ingress.ControllerOverlay(self)
	for release, r := range render(t, miniature, want) {
		golden(t, filepath.Join("../ingress/testdata/rendered", release+".yaml"), r.Manifest)
	}
}

// TestRendered renders what is computed with the artifact's own charts, and finds nothing
// dropped; with WIAB_CHARTS with those of a real artifact.
func TestRendered(t *testing.T) {
	for name, content := range map[string]string{
		"domains of every kind":        allKinds,
		"calls of Wire's":              allKinds + wireCloud,
		"a policy of the ingress":      smallest + "domains: [{domain: red.example.com, csp: ingress}]\ncalling: none\n",
		"no extra domain and no calls": smallest + "calling: none\n",
	} {
		t.Run(name, func(t *testing.T) {
			config, err := Parse([]byte(content))
			if err != nil {
				t.Fatal(err)
			}
			set := Open(config, nil).renderedSet()
			want, err := rendering(set, sources(t, charts()))
			if err != nil {
				t.Fatal(err)
			}
			rendered := render(t, charts(), want)
			expected := slices.Sorted(maps.Keys(want.Layers))
			if len(want.Own) > 0 {
				expected = append(expected, ingress.DomainReleases)
				slices.Sort(expected)
			}
			if got := slices.Sorted(maps.Keys(rendered)); !slices.Equal(got, expected) {
				t.Errorf("rendered %v, want %v", got, expected)
			}
			if err := checkRendered(set, sources(t, charts()), nil, rendered).Err(); err != nil {
				t.Error(err)
			}
			for release, r := range rendered {
				if !strings.Contains(string(r.Manifest), "kind: ") {
					t.Errorf("of %s helm made nothing", release)
				}
			}
		})
	}
}

// TestRenderedWithUsersOverlays renders with the user's overlays on top: what they undo is told
// with their files and without their secrets, and so are helm's words if it makes nothing of them.
func TestRenderedWithUsersOverlays(t *testing.T) {
	config := smallest + "domains:\n  - {domain: red.example.com}\n  - {domain: blue.example.net}\n  - {domain: pink.example.org}\nproxy: {address: 198.51.100.20}\n"
	everywhere := map[string]string{}
	for _, release := range append(cluster.ScriptReleases(true), ingress.ReleaseName("red")) {
		everywhere[release+".yaml"] = "IPs: [192.0.2.1]\n"
	}
	galley := func(lines ...string) map[string]string {
		return map[string]string{"wire-server.yaml": "galley:\n  config:\n    settings:\n      " + strings.Join(lines, "\n      ") + "\n"}
	}
	const override = " # wiabctl: override"
	for name, tc := range map[string]struct {
		overlays map[string]string
		says     []string // with OVERLAYS for their directory; none: it is good
	}{
		"values of no interest, everywhere":   {everywhere, nil},
		"a variable of the webapp's":          {map[string]string{"webapp.yaml": "envVars: {APP_NAME: Chat, FEATURE_ENABLE_CHANNELS: 'true'}\n"}, nil},
		"more origins than needed":            {map[string]string{"sftd.yaml": "allowOrigin: '*'" + override + "\n"}, nil},
		"an empty mapping, which helm merges": {galley("multiIngress: {}"), nil},
		"no mapping": {galley("multiIngress: null" + override), []string{"OVERLAYS/wire-server.yaml cannot be used:\nthe chart wire-server refuses its values: Error: execution error at (wire-server/",
			"Either settings.conversationCodeURI or settings.multiIngress have to be set"}},
		"both":                         {galley("conversationCodeURI: https://x" + override), []string{"OVERLAYS/wire-server.yaml cannot be used", "are mutually exclusive"}},
		"one domain again, on purpose": {galley("conversationCodeURI: https://x"+override, "multiIngress: null"+override), nil},
		"both of cargohold, which no chart refuses": {map[string]string{"wire-server.yaml": "cargohold:\n  config:\n    aws:\n      s3DownloadEndpoint: https://x" + override + "\n"},
			[]string{"OVERLAYS/wire-server.yaml cannot be used", "cargohold.config.aws.s3DownloadEndpoint: ConfigMap cargohold, cargohold.yaml: aws.s3DownloadEndpoint is \"https://x\", not absent"}},
		"a variable that tells of the default domain": {map[string]string{"webapp.yaml": "envVars: {APP_NAME: Chat of green.example.org}\n"},
			[]string{"OVERLAYS/webapp.yaml cannot be used", "envVars.APP_NAME: Deployment webapp, variable APP_NAME is \"Chat of green.example.org\", and names the default domain on every domain"}},
		"no certificate of a domain's": {map[string]string{"nginx-ingress-services-red.yaml": "replicas: 1\n", "nginx-ingress-services-blue.yaml": "tls: {createIssuer: false}\n"},
			[]string{"OVERLAYS/nginx-ingress-services-blue.yaml cannot be used", "tls.issuer of nginx-ingress-services-blue: "}},
		"a domain's chart that refuses": {map[string]string{"nginx-ingress-services-red.yaml": "federator: {enabled: true}\n", "nginx-ingress-services-blue.yaml": "replicas: 1\n"},
			[]string{"OVERLAYS/nginx-ingress-services-red.yaml cannot be used:\nthe chart nginx-ingress-services refuses its values: Error: execution error at (domains/charts/nginx-ingress-services-red/", "cannot be configured together"}},
		"a domain's assets under another's name": {map[string]string{"nginx-ingress-services-red.yaml": "replicas: 1\n", "nginx-ingress-services-blue.yaml": "ingressName: red" + override + "\n"},
			[]string{"OVERLAYS/nginx-ingress-services-blue.yaml, OVERLAYS/nginx-ingress-services-red.yaml cannot be used", "there are two objects Ingress nginx-ingress-red"}},
		"an issuer for the default domain that there is not": {map[string]string{"nginx-ingress-services.yaml": "tls: {issuer: {kind: Nobody}}\n"},
			[]string{"OVERLAYS/nginx-ingress-services.yaml cannot be used", ".tls.issuer.kind can only be one of Issuer or ClusterIssuer"}},
		"what the chart cannot take": {map[string]string{"smtp.yaml": "smtp: {config: word}\n"}, []string{"OVERLAYS/smtp.yaml cannot be used:\nthe chart smtp refuses its values: Error: template: smtp/"}},
		"a secret in what is told": {map[string]string{"webapp.yaml": "envVars: {APP_TOKEN: hunter2hunter2 of green.example.org}\n"},
			[]string{"OVERLAYS/webapp.yaml cannot be used", "envVars.APP_TOKEN: (secret)"}},
		"two at once": {map[string]string{"smtp.yaml": "smtp: {config: word}\n", "webapp.yaml": "envVars: {APP_NAME: Chat of green.example.org}\n"},
			[]string{"OVERLAYS/smtp.yaml cannot be used:\nthe chart smtp refuses", "OVERLAYS/webapp.yaml cannot be used:\nthe chart webapp does not do"}},
	} {
		t.Run(name, func(t *testing.T) {
			i := withOverlays(t, config, tc.overlays)
			set, artifact := i.renderedSet(), sources(t, miniature)
			want, err := rendering(set, artifact)
			if err != nil {
				t.Fatal(err)
			}
			users, err := i.readOverlays(i.layers(want.Layers))
			if err != nil {
				t.Fatal(err)
			}
			want.Users = valuesOf(users)
			// Only what there are overlays over, for helm takes its time.
			maps.DeleteFunc(want.Layers, func(release string, _ map[string]any) bool { return want.Users[release] == nil })
			if !slices.ContainsFunc(want.Own, func(r cluster.Release) bool { return want.Users[r.Name] != nil }) {
				want.Own = nil
			}
			err = checkRendered(set, artifact, users, render(t, miniature, want)).Err()
			if (err == nil) != (len(tc.says) == 0) || err != nil && !errors.Is(err, OverlayInvalid.Failf("")) {
				t.Fatalf("got %v, want %q", err, tc.says)
			}
			for _, says := range tc.says {
				if says = strings.ReplaceAll(says, "OVERLAYS", filepath.Join(i.config.dir, overlaysDir)); !strings.Contains(err.Error(), says) {
					t.Errorf("got\n%v\nwant %q", err, says)
				}
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("a secret is told: %v", err)
			}
		})
	}
}

// BenchmarkRendered renders and checks what many domains need, helm's time included.
func BenchmarkRendered(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			content := smallest + "domains:\n"
			for i := range n {
				content += fmt.Sprintf("  - {domain: d%d.example.com}\n", i)
			}
			config, err := Parse([]byte(content))
			if err != nil {
				b.Fatal(err)
			}
			set, a := Open(config, nil).renderedSet(), sources(b, charts())
			want, err := rendering(set, a)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if err := checkRendered(set, a, nil, render(b, charts(), want)).Err(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
