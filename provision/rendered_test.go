package provision

import (
	"bytes"
	"fmt"
	"maps"
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
	want.Layers["sftd"] = ingress.SftdOverlay(config.Ingress.Set(true))
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
			if err := checkRendered(set, sources(t, charts()), rendered); err != nil {
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
				if err := checkRendered(set, a, render(b, charts(), want)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
