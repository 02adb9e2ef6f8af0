package provision

import (
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// TestMigrate takes files of two older formats to the newest: v1 had the user on top, v2 as "account".
func TestMigrate(t *testing.T) {
	rename := func(from, to string) func(*yaml.Node) {
		return func(top *yaml.Node) {
			if key, _ := member(top, from); key != nil {
				key.Value = to
			}
		}
	}
	history := []format{{"wiabctl/v1", rename("user", "account")}, {"wiabctl/v2", rename("account", "login")}, {version: "wiabctl/v3"}}
	for _, test := range []struct{ name, text, want string }{
		{"no version is the first", "# ours\nuser: wire # who\n", "# ours\nlogin: wire # who\n"},
		{"the first", "apiVersion: wiabctl/v1\nuser: wire\n", "apiVersion: wiabctl/v3\nlogin: wire\n"},
		{"from the middle on", "apiVersion: wiabctl/v2\nuser: a\naccount: b\n", "apiVersion: wiabctl/v3\nuser: a\nlogin: b\n"},
		{"the newest stays", "apiVersion: wiabctl/v3\nuser: a\naccount: b\n", "apiVersion: wiabctl/v3\nuser: a\naccount: b\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var root yaml.Node
			if err := yaml.Unmarshal([]byte(test.text), &root); err != nil {
				t.Fatal(err)
			}
			line := root.Content[0].Content[0].Line
			if problems := migrate(root.Content[0], history); len(problems) > 0 {
				t.Fatal(problems)
			}
			have, err := yaml.Marshal(&root)
			if err != nil || string(have) != test.want {
				t.Errorf("got %s, %v", have, err)
			}
			if root.Content[0].Content[0].Line != line {
				t.Error("the lines have moved")
			}
		})
	}
	var root yaml.Node
	if err := yaml.Unmarshal([]byte("a: b\napiVersion: [v1]\n"), &root); err != nil {
		t.Fatal(err)
	}
	if problems := migrate(root.Content[0], history); len(problems) != 1 || !strings.HasPrefix(problems.Error(), `line 2: apiVersion: "" is none of`) {
		t.Errorf("a version that is none: %v", problems)
	}
}

// TestFormats is a reminder: whoever adds a format adds the way to it.
func TestFormats(t *testing.T) {
	for i, f := range formats {
		if last := i == len(formats)-1; (f.next == nil) != last {
			t.Errorf("%s: only the newest has no next", f.version)
		}
	}
}
