package provision

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"wiabctl/provision/change"
)

func somePlans() []Planned {
	return []Planned{
		{Stage: "host"},
		{Stage: "vms", Changes: []change.Change{
			{Verb: change.Create, Subject: "domain a", Reason: "it is not defined"},
			{Verb: change.Wait, Subject: "domain b", Reason: "it is not ready yet: 12 s"},
		}},
		{Stage: "helm", Changes: []change.Change{{Verb: change.Update, Subject: "file x", Reason: "values", Diff: []string{"+ a: 1"}}}, Err: errors.New("the API: connection 17 refused")},
	}
}

// configuredIn is an installation whose configuration is in a directory of its own.
func configuredIn(t *testing.T, dir string) *Installation {
	t.Helper()
	config, err := Parse([]byte(smallest))
	if err != nil {
		t.Fatal(err)
	}
	config.dir = dir
	return Open(config, func(Event) {})
}

func TestSavedPlan(t *testing.T) {
	dir := t.TempDir()
	saved, err := configuredIn(t, dir).Saved(Orders{Skip: []string{"verify"}}, somePlans())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "plan.json")
	if err := saved.Write(file); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: others can read it", info, err)
	}
	read, err := ReadPlan(file)
	if err != nil || !reflect.DeepEqual(read, saved) {
		t.Fatalf("%v: read\n%+v\nwrote\n%+v", err, read, saved)
	}
	overlay := func() {
		if err := os.MkdirAll(filepath.Join(dir, "overlays"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "overlays", "smtp.yaml"), []byte("a: 1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name   string
		change func(*Installation, []Planned) []Planned
		says   []string // none: it can be applied
	}{
		{"nothing", func(_ *Installation, p []Planned) []Planned { return p }, nil},
		{"what a wait saw last, and why a stage cannot tell", func(_ *Installation, p []Planned) []Planned {
			p[1].Changes[1].Reason, p[2].Err = "it is not ready yet: 19 s", errors.New("the API: connection 18 refused")
			return p
		}, nil},
		{"a reason", func(_ *Installation, p []Planned) []Planned {
			p[1].Changes[0].Reason = "its disk is gone"
			return p
		}, []string{"no longer vms: create domain a: it is not defined", "now vms: create domain a: its disk is gone"}},
		{"a difference", func(_ *Installation, p []Planned) []Planned {
			p[2].Changes[0].Diff = []string{"+ a: 2"}
			return p
		}, []string{"now helm: update file x: values; + a: 2"}},
		{"one less", func(_ *Installation, p []Planned) []Planned {
			p[1].Changes = p[1].Changes[1:]
			return p
		}, []string{"no longer vms: create domain a"}},
		{"a stage that can tell by now", func(_ *Installation, p []Planned) []Planned {
			p[2].Err = nil
			return p
		}, []string{"no longer helm: cannot tell"}},
		{"another stage", func(_ *Installation, p []Planned) []Planned {
			p[1].Stage = "network"
			return p
		}, []string{"no longer vms: ", "now network: "}},
		{"the order", func(_ *Installation, p []Planned) []Planned {
			c := p[1].Changes
			c[0], c[1] = c[1], c[0]
			return p
		}, []string{"the order of the changes"}},
		{"the configuration", func(i *Installation, p []Planned) []Planned {
			i.config.Host.Upgrade = true
			return p
		}, []string{"the configuration, an overlay or a certificate changed"}},
		{"an overlay", func(_ *Installation, p []Planned) []Planned { overlay(); return p }, []string{"the configuration, an overlay or a certificate changed"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			i := configuredIn(t, dir)
			err := i.CheckSaved(read, test.change(i, somePlans()))
			if test.says == nil && err != nil || test.says != nil && !errors.Is(err, PlanOutdated.Failf("")) {
				t.Fatalf("got %v", err)
			}
			for _, part := range test.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q lacks %q", err, part)
				}
			}
		})
	}
	read.Version = "v0.0.1"
	if err := configuredIn(t, dir).CheckSaved(read, somePlans()); err == nil || !strings.Contains(err.Error(), ", was v0.0.1") {
		t.Errorf("with another wiabctl: %v", err)
	}
}

func TestReadPlanRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON": "domain: a\n", "another format": `{"format": 2}`, "nothing": "", "a field that there is not": `{"format": 1, "stage": []}`,
		"more behind it": `{"format": 1} {}`, "orders that nobody can obey": `{"format": 1, "orders": {"only": ["hots"]}}`,
	} {
		file := filepath.Join(t.TempDir(), "plan.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadPlan(file); !errors.Is(err, BadUsage.Failf("")) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadPlan("/nowhere/plan.json"); !errors.Is(err, BadUsage.Failf("")) {
		t.Errorf("no file: %v", err)
	}
}

// What only looks otherwise is the same configuration; another certificate under the same name is none.
func TestConfigDigest(t *testing.T) {
	dir := t.TempDir()
	cert := filepath.Join(dir, "red.pem")
	written := func(comment, content string) string {
		t.Helper()
		text := smallest + comment + "cluster: {inventory: {all: {vars: {a: 1}}}}\ndomains:\n  - {domain: red.example.com, certificate: {cert: " + cert + ", key: /etc/red.key}}\n"
		config, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(cert, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		config.dir = dir
		digest, err := Open(config, nil).configDigest()
		if err != nil {
			t.Fatal(err)
		}
		return digest
	}
	first := written("", "one")
	if written("# a comment\n", "one") != first {
		t.Error("a comment makes another configuration")
	}
	if written("", "two") == first {
		t.Error("another certificate makes none")
	}
}
