package cluster

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wiabctl/provision/change"
)

// fakeHelm prints its arguments and the values files that it is given; it refuses the chart
// that is called refusing.
const fakeHelm = `#!/bin/sh
case "$*" in *refusing*) echo "coalesce.go: warning" >&2; echo "Error: execution error at (x): both are set" >&2; exit 1 ;; esac
printf '# %s\n' "$*" | sed "s|/tmp/[^ ]*/|WORK/|g"
previous=
for word; do
  if [ "$previous" = --values ]; then sed 's/^/# /' "$word"; fi
  previous=$word
done
if [ -f "$4/Chart.yaml" ] && [ -d "$4/charts" ]; then sed 's/^/# /' "$4/Chart.yaml" "$4/values.yaml"; ls "$4/charts" | sed 's/^/# part /'; fi
echo "helm" >>"$HELM_CALLS"
`

// rendered is a deploy directory with a few charts, whose tools are this machine.
func renderedAdmin(t *testing.T) (admin *Admin, calls func() int) {
	t.Helper()
	admin = testAdmin(t)
	file := func(name, content string) {
		writeProgram(t, filepath.Join(admin.Dir, name), strings.TrimPrefix(content, "#!/bin/sh\n"))
	}
	count := filepath.Join(t.TempDir(), "calls")
	t.Setenv("HELM_CALLS", count)
	file(toolsFile, `PATH=$PWD/bin:$PATH; cd "$(dirname "$0")/.." && PATH=$PWD/bin:$PATH exec "$@"`)
	file("bin/helm", fakeHelm)
	for _, name := range []string{"wire-server", "webapp", "refusing", "nginx-ingress-services"} {
		put(t, admin, "charts/"+name+"/Chart.yaml", "name: "+name)
		put(t, admin, "values/"+name+"/prod-values.example.yaml", "host: x.example.com")
	}
	put(t, admin, "values/wire-server/prod-secrets.example.yaml", "secret: example.com")
	return admin, func() int {
		content, err := os.ReadFile(count)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		return strings.Count(string(content), "helm")
	}
}

func put(t *testing.T, admin *Admin, name, content string) {
	t.Helper()
	if err := admin.Write(t.Context(), name, []byte(content+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func someRendering() Rendering {
	return Rendering{Domain: "green.example.org",
		Layers: map[string]map[string]any{"wire-server": {"a": 1}, "webapp": {"b": 2}},
		Own: []Release{
			{Name: "nginx-ingress-services-red", Chart: "nginx-ingress-services", Own: map[string]any{"ingressName": "red"}},
			{Name: "nginx-ingress-services-blue", Chart: "nginx-ingress-services", Own: map[string]any{"ingressName": "blue"}},
		}}
}

func TestLayers(t *testing.T) {
	admin, calls := renderedAdmin(t)
	want, found := someRendering(), Faults{}
	var seen map[string]Rendered
	stage := Layers{Admin: admin,
		Want: func(context.Context) (Rendering, error) { return want, nil },
		Check: func(_ context.Context, _ Rendering, rendered map[string]Rendered) (Faults, error) {
			seen = rendered
			return found, nil
		},
	}
	plan := func() []change.Change {
		t.Helper()
		changes, err := stage.Plan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return changes
	}
	apply := func() error {
		t.Helper()
		changes := plan()
		if len(changes) != 1 {
			t.Fatalf("changes: %v", changes)
		}
		return changes[0].Apply(t.Context(), nil)
	}
	if got := plan(); len(got) != 1 || got[0].String() != "run helm template: whether the charts take these values was not looked at yet: "+
		"webapp, wire-server, nginx-ingress-services-red, nginx-ingress-services-blue" {
		t.Fatalf("changes: %v", got)
	}
	found = Faults{"webapp": errors.New("a value is dropped")}
	if err := apply(); !errors.Is(err, found["webapp"]) || len(plan()) != 1 {
		t.Fatalf("what is not good: %v, %v", err, plan())
	}
	found = nil
	if err := apply(); err != nil {
		t.Fatal(err)
	}
	if got := calls(); got != 6 {
		t.Errorf("helm was called %d times in two runs, want 3 for each", got)
	}
	for release, lines := range map[string][]string{
		"wire-server": {"# template --skip-tests wire-server charts/wire-server --values WORK/values.yaml --values values/wire-server/prod-secrets.example.yaml --values WORK/wire-server.yaml",
			"# host: x.green.example.org", "# secret: example.com", "# a: 1"},
		"webapp":  {"# template --skip-tests webapp charts/webapp --values WORK/values.yaml --values /dev/null --values WORK/webapp.yaml", "# b: 2"},
		"domains": {"alias: nginx-ingress-services-red", "# nginx-ingress-services-blue:\n#     ingressName: blue", "# part nginx-ingress-services\n"},
	} {
		for _, line := range lines {
			if !strings.Contains(string(seen[release].Manifest), line) {
				t.Errorf("of %s was rendered\n%s\nwant %q", release, seen[release].Manifest, line)
			}
		}
	}
	before := calls()
	if got := plan(); len(got) > 0 || calls() != before {
		t.Fatalf("again: %v, and helm was called %d times", got, calls()-before)
	}

	// What was found good is found good until anything of it changes.
	for name, changed := range map[string]func(){
		"a layer":            func() { want.Layers["webapp"] = map[string]any{"b": 3} },
		"a domain's release": func() { want.Own[0].Own = map[string]any{"ingressName": "rot"} },
		"a domain goes":      func() { want.Own = want.Own[:1] },
		"a chart":            func() { put(t, admin, "charts/webapp/templates/new.yaml", "x") },
		"an example":         func() { put(t, admin, "values/webapp/prod-values.example.yaml", "new: 1") },
		"the default domain": func() { want.Domain = "lime.example.org" },
	} {
		changed()
		if got := plan(); len(got) != 1 || !strings.Contains(got[0].Reason, "values or charts changed since they were last looked at") {
			t.Fatalf("%s changed: %v", name, got)
		}
		if err := apply(); err != nil || len(plan()) > 0 {
			t.Fatalf("%s changed, and after that: %v, %v", name, err, plan())
		}
	}
	put(t, admin, "charts/smtp/Chart.yaml", "of no interest")
	if got := plan(); len(got) > 0 {
		t.Errorf("a chart of no interest changed: %v", got)
	}

	want.Own = nil
	if err := apply(); err != nil || seen["domains"].Manifest != nil {
		t.Errorf("the last extra domain went: %v, %s", err, seen["domains"].Manifest)
	}
	want = Rendering{}
	if got := plan(); len(got) > 0 {
		t.Errorf("nothing to render: %v", got)
	}
}

func TestLayersRefused(t *testing.T) {
	admin, _ := renderedAdmin(t)
	var seen map[string]Rendered
	stage := Layers{Admin: admin, Want: func(context.Context) (Rendering, error) {
		return Rendering{Domain: "d.example.org", Layers: map[string]map[string]any{"refusing": {}, "webapp": {}}}, nil
	}, Check: func(_ context.Context, _ Rendering, rendered map[string]Rendered) (Faults, error) {
		seen = rendered
		return nil, nil
	}}
	changes, err := stage.Plan(t.Context())
	if err == nil {
		err = changes[0].Apply(t.Context(), nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := seen["refusing"]; got.Refusal != "Error: execution error at (x): both are set" || got.Manifest != nil {
		t.Errorf("of a chart that refuses: %+v", got)
	}
	if seen["webapp"].Manifest == nil {
		t.Error("the chart after it was not rendered")
	}
}

// The user's overlays come last, over the artifact's releases and over domains'.
func TestLayersOfTheUser(t *testing.T) {
	admin, calls := renderedAdmin(t)
	put(t, admin, "values/smtp/prod-values.example.yaml", "host: y.example.com")
	put(t, admin, "values/minio-external/prod-values.example.yaml", "ips: example")
	put(t, admin, "values/minio-external/values.yaml", "ips: real")
	put(t, admin, "charts/smtp/Chart.yaml", "name: smtp")
	put(t, admin, "charts/minio-external/Chart.yaml", "name: minio-external")
	want := someRendering()
	want.Users = map[string]map[string]any{"webapp": {"user": "w"}, "smtp": {"user": "s"}, "minio-external": {"user": "m"}, "nginx-ingress-services-red": {"user": "r"}}
	var seen []map[string]Rendered
	var asked []Rendering
	found := func(bool) Faults { return nil }
	stage := Layers{Admin: admin, Want: func(context.Context) (Rendering, error) { return want, nil },
		Check: func(_ context.Context, of Rendering, rendered map[string]Rendered) (Faults, error) {
			asked, seen = append(asked, of), append(seen, rendered)
			return found(of.Users["webapp"] != nil || of.Users["nginx-ingress-services-red"] != nil), nil
		}}
	apply := func() error {
		t.Helper()
		asked, seen = nil, nil
		changes, err := stage.Plan(t.Context())
		if err != nil || len(changes) != 1 {
			t.Fatalf("changes %v, %v", changes, err)
		}
		if names := "minio-external, smtp, webapp, wire-server, nginx-ingress-services-red, nginx-ingress-services-blue"; !strings.HasSuffix(changes[0].Reason, ": "+names) {
			t.Errorf("it is of %s, want %s", changes[0].Reason, names)
		}
		return changes[0].Apply(t.Context(), nil)
	}

	overlay, charts := errors.New("the overlay is wrong"), errors.New("the charts are wrong")
	found = func(withUsers bool) Faults {
		if withUsers {
			return Faults{"webapp": overlay}
		}
		return nil
	}
	if err := apply(); !errors.Is(err, overlay) || len(asked) != 2 {
		t.Errorf("an overlay that is wrong: %v, after %d looks", err, len(asked))
	}
	for _, one := range []string{"w", "s", "m", "r"} {
		for release, r := range seen[1] {
			if strings.Contains(string(r.Manifest), "user: "+one) {
				t.Errorf("without overlays there is one in %s:\n%s", release, r.Manifest)
			}
		}
	}
	if !slices.Equal(slices.Sorted(maps.Keys(seen[0])), slices.Sorted(maps.Keys(seen[1]))) {
		t.Errorf("with and without overlays not the same is rendered: %v", seen)
	}
	of := func(release string, theirs error) error { return fmt.Errorf("%s: %w", release, theirs) }
	found = func(withUsers bool) Faults {
		if withUsers {
			return Faults{"webapp": of("webapp", overlay), "domains": of("domains", overlay), "smtp": of("smtp", overlay), "minio-external": of("minio-external", overlay)}
		}
		return Faults{"webapp": of("webapp", charts), "minio-external": of("minio-external", charts), "wire-server": of("wire-server", charts)}
	}
	// Of minio-external nothing is ours, and what an overlay mends is not wrong.
	if err := apply(); err == nil || err.Error() != "domains: the overlay is wrong\nsmtp: the overlay is wrong\nwebapp: the charts are wrong" {
		t.Errorf("charts and overlays that are wrong: %v", err)
	}
	found = func(bool) Faults { return nil }
	before := calls()
	if err := apply(); err != nil || len(asked) != 1 || calls()-before != 5 {
		t.Fatalf("good ones: %v, after %d looks and %d calls", err, len(asked), calls()-before)
	}
	for release, lines := range map[string][]string{
		"webapp":         {" --values WORK/webapp.yaml --values WORK/webapp-user.yaml\n", "# b: 2\n# user: w\n"},
		"smtp":           {"# host: y.green.example.org\n", "# user: s\n"},
		"minio-external": {"# ips: real\n", "# user: m\n"},
		"wire-server":    {"# a: 1\n# {}\n"},
		"domains":        {"--values WORK/domains.yaml --values WORK/domains-user.yaml\n", "# nginx-ingress-services-red:\n#     user: r\n"},
	} {
		for _, line := range lines {
			if !strings.Contains(string(seen[0][release].Manifest), line) {
				t.Errorf("of %s was rendered\n%s\nwant %q", release, seen[0][release].Manifest, line)
			}
		}
	}
	want.Users["smtp"] = map[string]any{"user": "other"}
	if changes, err := stage.Plan(t.Context()); err != nil || len(changes) != 1 {
		t.Errorf("an overlay changed: %v, %v", changes, err)
	}
}

func TestLayersBeforeTheArtifact(t *testing.T) {
	stage := Layers{Admin: testAdmin(t), Want: func(context.Context) (Rendering, error) { return someRendering(), nil }}
	changes, err := stage.Plan(t.Context())
	if err != nil || len(changes) != 1 {
		t.Errorf("without charts: %v, %v", changes, err)
	}
	stage.Admin = &Admin{Target: func() (Target, error) { return Target{}, change.ErrNotInstalled }}
	if changes, err := stage.Plan(t.Context()); err != nil || len(changes) != 1 {
		t.Errorf("on a bare host: %v, %v", changes, err)
	}
}

// Charts that cannot be read are no reason to believe a receipt.
func TestLayersOfChartsThatAreGone(t *testing.T) {
	admin, _ := renderedAdmin(t)
	stage := Layers{Admin: admin, Want: func(context.Context) (Rendering, error) { return someRendering(), nil }}
	if err := os.RemoveAll(filepath.Join(admin.Dir, "charts/webapp")); err != nil {
		t.Fatal(err)
	}
	if changes, err := stage.Plan(t.Context()); err == nil || !strings.Contains(err.Error(), "look at the charts") {
		t.Errorf("got %v, %v", changes, err)
	}
}

// However many domains there are, helm is called once for them, and with few arguments.
func TestRenderingIsOfConstantSize(t *testing.T) {
	few, many := someRendering(), someRendering()
	for range 1000 {
		many.Own = append(many.Own, many.Own[0])
	}
	if bytes.Count(few.Input(), []byte("\n")) != bytes.Count(many.Input(), []byte("\n")) || !slices.Equal(few.Command(), many.Command()) || len(few.charts()) != len(many.charts()) {
		t.Error("the number of files, arguments or charts grows with the domains")
	}
}

func TestParseRendered(t *testing.T) {
	b := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	for name, tc := range map[string]struct {
		output string
		want   Rendered
		says   string
	}{
		"rendered":                            {"x 0 " + b("kind: A") + " " + b("a warning") + "\n", Rendered{Manifest: []byte("kind: A")}, ""},
		"without warnings":                    {"x 0 " + b("kind: A") + " \n", Rendered{Manifest: []byte("kind: A")}, ""},
		"refused":                             {"x 1  " + b("warning\nError: no\n\nUse --debug flag to render out invalid YAML\n") + "\n", Rendered{Refusal: "Error: no"}, ""},
		"refused, without a word of an error": {"x 1  " + b("panic\n") + "\n", Rendered{Refusal: "panic"}, ""},
		"refused in silence":                  {"x 137  \n", Rendered{Refusal: "helm ended with exit status 137 and said nothing"}, ""},
		"cut off":                             {"x 0 " + b("kind: A"), Rendered{}, "a line of 3 fields"},
		"no status":                           {"x y z z\n", Rendered{}, "the status of x"},
		"no base64":                           {"x 0 ! \n", Rendered{}, "what was rendered of x"},
		"no base64 of errors":                 {"x 0  !\n", Rendered{}, "what helm says of x"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseRendered([]byte(tc.output))
			if tc.says != "" {
				if err == nil || !strings.Contains(err.Error(), tc.says) {
					t.Errorf("got %v, want %q", err, tc.says)
				}
				return
			}
			if err != nil || string(got["x"].Manifest) != string(tc.want.Manifest) || got["x"].Refusal != tc.want.Refusal {
				t.Errorf("got %+v, %v; want %+v", got["x"], err, tc.want)
			}
		})
	}
}
