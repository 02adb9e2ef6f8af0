package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestOwnPlaybooks loads every playbook of the artifact and expands its tasks
// over its inventory.
func TestOwnPlaybooks(t *testing.T) {
	inv, err := loadInventory(template)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"minio_access_key", "minio_secret_key", "minio_cargohold_access_key", "minio_cargohold_secret_key"} {
		inv.shared[secret] = "x"
	}
	r := runner{inventory: inv, registered: map[string]string{"cluster_id": "x"}}
	count := 0
	err = filepath.WalkDir("../files/ansible", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Name() == "inventory" {
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".yml" {
			return nil
		}
		count++
		plays, err := loadPlaybook(path)
		if err != nil {
			return err
		}
		for _, p := range plays {
			hosts, err := inv.match(p.Hosts)
			if err != nil {
				return err
			}
			if _, err := r.expandTasks(hosts[0], p.Tasks); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if count != 11 {
		t.Errorf("found %d playbooks, want the 11 that offline-cluster.sh calls", count)
	}
}

// TestOfflineClusterCalls checks each call of the script against the playbooks.
func TestOfflineClusterCalls(t *testing.T) {
	text, err := os.ReadFile("../files/bin/offline-cluster.sh")
	if err != nil {
		t.Fatal(err)
	}
	calls := regexp.MustCompile(`(?m)^ansible-playbook (.*)$`).FindAllStringSubmatch(string(text), -1)
	if len(calls) != 12 {
		t.Errorf("the script makes %d calls, want 12", len(calls))
	}
	for _, c := range calls {
		opts, err := parseOptions(strings.Fields(c[1]))
		if err != nil {
			t.Errorf("%s: %v", c[1], err)
			continue
		}
		plays, err := loadPlaybook(filepath.Join("../files", opts.playbooks[0]))
		if err != nil {
			t.Error(err)
			continue
		}
		if err := checkTags(plays, opts); err != nil {
			t.Errorf("%s: %v", c[1], err)
		}
	}
}

func TestPlaybookRefuses(t *testing.T) {
	cases := map[string]struct{ text, want string }{
		"unknown module": {"[{name: a, hosts: b, tasks: [{name: c, apt: d}]}]", "apt"},
		"no module":      {"[{name: a, hosts: b, tasks: [{name: c}]}]", "one of shell and copy"},
		"no hosts":       {"[{name: a, tasks: [{name: c, shell: d}]}]", "lacks"},
		"half a copy":    {"[{name: a, hosts: b, tasks: [{name: c, copy: {src: d}}]}]", "dest"},
		"nothing":        {"[]", "no plays"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "p.yml")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := loadPlaybook(path)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestTags(t *testing.T) {
	p := play{Tags: []string{"node"}, Tasks: []task{{Name: "a"}, {Name: "b", Tags: []string{"extra"}}}}
	cases := map[string]struct {
		opts options
		want string
	}{
		"none":            {options{}, "ab"},
		"of the play":     {options{tags: []string{"node"}}, "ab"},
		"of a task":       {options{tags: []string{"extra"}}, "b"},
		"of another play": {options{tags: []string{"other"}}, ""},
		"skipped task":    {options{skipTags: []string{"extra"}}, "a"},
		"skipped play":    {options{skipTags: []string{"node"}}, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := ""
			for _, t := range p.wanted(c.opts) {
				got += t.Name
			}
			if got != c.want {
				t.Errorf("left %q, want %q", got, c.want)
			}
		})
	}
	if err := checkTags([]play{p}, options{skipTags: []string{"nod"}}); err == nil {
		t.Error("an unknown tag was taken")
	}
}
