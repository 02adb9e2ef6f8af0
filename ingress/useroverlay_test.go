package ingress

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseOverlay(t *testing.T) {
	got, err := ParseOverlay([]byte("# mail\nsmtp:\n  config:\n    SMARTHOST_ADDRESS: mail.example.org\n    PORT: 25\n    NOTHING: null\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := Values{"smtp": Values{"config": Values{"SMARTHOST_ADDRESS": "mail.example.org", "PORT": 25, "NOTHING": nil}}}
	if diff := cmp.Diff(want, got.Values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

func TestParseOverlayRefuses(t *testing.T) {
	tests := []struct {
		name, text string
		says       []string
	}{
		{"nothing", "", []string{"line 1: it is empty"}},
		{"only a comment", "# nothing\n", []string{"it is empty"}},
		{"a list", "- a\n", []string{"line 1: it is not a mapping"}},
		{"a word", "\nword\n", []string{"line 2: it is not a mapping"}},
		{"no YAML", "a: [\n", []string{"yaml: "}},
		{"two documents", "a: 1\n---\nb: 2\n", []string{"more than one document"}},
		{"a second document that is broken", "a: 1\n---\n[\n", []string{"more than one document"}},
		{"a key twice", "a: 1\nb: 2\na: 3\n", []string{"already defined at line 1"}},
		{"words that were booleans", "a: yes\nb:\n  - Off\n", []string{"line 1: yes means", "line 3: Off means"}},
		{"a date", "a: 2026-01-02\n", []string{"line 1: 2026-01-02 is a date"}},
		{"keys that are no texts", "a:\n  1: x\n  true: y\n", []string{"line 2: the key 1 ", "line 3: the key true "}},
		{"an alias", "a: &a {b: c}\nd: *a\n", []string{"line 2: aliases"}},
		{"a merge", "a: &a {b: c}\nd:\n  <<: *a\n", []string{"line 3: aliases"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParseOverlay([]byte(test.text))
			if err == nil {
				t.Fatal("it was taken")
			}
			for _, says := range test.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("%q is not said in\n%v", says, err)
				}
			}
		})
	}
	for _, text := range []string{`a: "yes"`, "a: 'on'", `a: "2026-01-02"`, `"1": x`, "a: true", "a: yess"} {
		if _, err := ParseOverlay([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestConflicts(t *testing.T) {
	computed := Values{"galley": Values{"config": Values{"uri": nil, "domains": []string{"red.example.com"}, "level": 3, "map": Values{"a": "b"}}}, "origin": "https://x"}
	tests := []struct {
		name, text string
		says       []string
	}{
		{"other values", "galley:\n  replicaCount: 2\n  config: {other: 1}\n", nil},
		{"the same", "origin: https://x\ngalley: {config: {level: 3, uri: null, domains: [red.example.com], map: {}}}\n", nil},
		{"another text", "origin: https://y\n", []string{"line 1: origin is computed"}},
		{"null", "galley:\n  config:\n    level:\n", []string{"line 3: galley.config.level is computed"}},
		{"what has to be absent", "galley: {config: {uri: x}}\n", []string{"line 1: galley.config.uri "}},
		{"a list", "galley:\n  config:\n    domains: [blue.example.net]\n", []string{"line 3: galley.config.domains "}},
		{"a word for a mapping", "galley: off it goes\n", []string{"line 1: galley is"}},
		{"a mapping for a word", "origin:\n  a: b\n", []string{"line 1: origin "}},
		{"all at once", "origin: other\ngalley: {config: {level: 4}}\n", []string{"line 1: origin", "line 2: galley.config.level"}},
		{"said so on the line", "origin: https://y # wiabctl: override\n", nil},
		{"said so with a list", "galley:\n  config:\n    domains: # wiabctl: override\n      - blue.example.net\n", nil},
		{"said so above it", "galley:\n  config:\n    # wiabctl: override\n    domains:\n      - blue.example.net\n", nil},
		{"said so with null", "galley:\n  config:\n    level: # wiabctl: override\n", nil},
		{"said so in place of a mapping", "galley: null # wiabctl: override\n", nil},
		{"said so of another line", "galley: # wiabctl: override\n  config:\n    level: 4\n", []string{"line 3: galley.config.level"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			overlay, err := ParseOverlay([]byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			err = overlay.Conflicts(computed)
			if (err == nil) != (len(test.says) == 0) {
				t.Errorf("error %v, want one with %q", err, test.says)
			}
			for _, says := range test.says {
				if err != nil && !strings.Contains(err.Error(), says) {
					t.Errorf("%q is not said in\n%v", says, err)
				}
			}
		})
	}
}

func TestMerge(t *testing.T) {
	lower := Values{"a": Values{"b": 1, "c": 2}, "list": []any{1}, "word": "w", "map": Values{"x": 1}}
	upper := Values{"a": Values{"c": nil, "d": 3}, "list": []any{2}, "word": Values{"y": 1}, "map": "m"}
	want := Values{"a": Values{"b": 1, "c": nil, "d": 3}, "list": []any{2}, "word": Values{"y": 1}, "map": "m"}
	if diff := cmp.Diff(want, Merge(lower, upper)); diff != "" {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
	if lower["word"] != "w" || len(lower["a"].(Values)) != 2 {
		t.Errorf("the lower layer was changed: %v", lower)
	}
	if got := Merge(nil, nil); got == nil || len(got) != 0 {
		t.Errorf("of nothing comes %v", got)
	}
}

func TestDiff(t *testing.T) {
	tests := []struct {
		name          string
		before, after Values
		want          []string
	}{
		{"nothing", Values{"a": Values{"b": 1}}, Values{"a": Values{"b": 1.0}}, nil},
		{"all three", Values{"a": Values{"b": 1, "c": "x"}, "gone": Values{"deep": true}}, Values{"a": Values{"b": 2, "c": "x", "d": nil}},
			[]string{"~ a.b: 1 -> 2", "+ a.d: null", "- gone.deep"}},
		{"from none", nil, Values{"smtp": Values{"config": Values{"MAIL.NAME": "mail"}}}, []string{`+ smtp.config["MAIL.NAME"]: "mail"`}},
		{"to none", Values{"a": 1}, nil, []string{"- a"}},
		{"a mapping for a word", Values{"a": "b"}, Values{"a": Values{"b": "c"}}, []string{`~ a: "b" -> {"b":"c"}`}},
		{"empty mappings", Values{"a": Values{}}, Values{"b": Values{}}, []string{"- a", "+ b: {}"}},
		{"names of secrets", Values{"smtpPassword": "old", "secrets": Values{"x": 1}}, Values{"smtpPassword": "new", "list": []any{Values{"token": "t"}}, "DKIM_KEY": "k"},
			[]string{"+ DKIM_KEY: (hidden)", "+ list: (hidden)", "- secrets.x", "~ smtpPassword: (hidden) -> (hidden)"}},
		{"values that look like secrets", nil, Values{"url": "amqp://me:word@host/", "file": "a\nb", "pem": []any{"-----BEGIN X"}},
			[]string{"+ file: (hidden)", "+ pem: (hidden)", "+ url: (hidden)"}},
		{"long ones", Values{"a": strings.Repeat("x", 100)}, Values{"a": strings.Repeat("x", 99) + "y"}, []string{`~ a: "` + strings.Repeat("x", 79) + `... -> "` + strings.Repeat("x", 79) + "..."}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Diff(test.before, test.after)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}
