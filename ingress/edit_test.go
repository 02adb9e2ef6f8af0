package ingress

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAddDomains(t *testing.T) {
	red := Domain{Domain: "red.example.com"}
	tests := map[string]struct {
		file, want string
		domain     Domain
	}{
		"no list": {
			"# mine\ndomain: green.example.org # default\n\nemail: a@b.org\n",
			"# mine\ndomain: green.example.org # default\n\nemail: a@b.org\ndomains:\n  - domain: red.example.com\n", red,
		},
		"no last line break": {"domain: a.org", "domain: a.org\ndomains:\n  - domain: red.example.com\n", red},
		"empty file":         {"", "domains:\n  - domain: red.example.com\n", red},
		"only a comment":     {"# nothing yet\n", "# nothing yet\ndomains:\n  - domain: red.example.com\n", red},
		"list without value": {
			"domains: # extra ones\nemail: a@b.org\n",
			"domains: # extra ones\n  - domain: red.example.com\nemail: a@b.org\n", red,
		},
		"null":       {"domains: null # none\nemail: x\n", "domains:  # none\n  - domain: red.example.com\nemail: x\n", red},
		"empty list": {"domains: [] # none\nemail: x\n", "domains: [{domain: red.example.com}] # none\nemail: x\n", red},
		"after items": {
			"domains:\n  # first\n  - domain: blue.example.net # b\n    title: B\n\n# then\nemail: x\n",
			"domains:\n  # first\n  - domain: blue.example.net # b\n    title: B\n  - domain: red.example.com\n\n# then\nemail: x\n", red,
		},
		"not indented": {
			"domains:\n- domain: blue.example.net\nemail: x\n",
			"domains:\n- domain: blue.example.net\n- domain: red.example.com\nemail: x\n", red,
		},
		"in the manner of the last": {
			"domains:\n    - {domain: blue.example.net}  # b\n",
			"domains:\n    - {domain: blue.example.net}  # b\n    - {domain: red.example.com}\n", red,
		},
		"flow list": {
			"domains: [{domain: blue.example.net}]\n",
			"domains: [{domain: blue.example.net}, {domain: red.example.com}]\n", red,
		},
		"flow list over lines": {
			"domains: [\n  {domain: blue.example.net}, # ]\n]\nemail: x\n",
			"domains: [\n  {domain: blue.example.net}, {domain: red.example.com}, # ]\n]\nemail: x\n", red,
		},
		"after a text of many lines": {
			"domains:\n  - domain: blue.example.net\n    title: >-\n      one\n      two\nemail: x\n",
			"domains:\n  - domain: blue.example.net\n    title: >-\n      one\n      two\n  - domain: red.example.com\nemail: x\n", red,
		},
		"Windows line breaks": {
			"domains:\r\n  - domain: blue.example.net\r\nemail: x\r\n",
			"domains:\r\n  - domain: blue.example.net\r\n  - domain: red.example.com\r\nemail: x\r\n", red,
		},
		"all settings": {
			"domain: a.org\n",
			"domain: a.org\ndomains:\n  - domain: red.example.com\n    name: r\n    title: 'it: mine # not a comment'\n    certificate:\n      cert: r.pem\n      key: r.key\n",
			Domain{Domain: "red.example.com", Name: "r", Title: "it: mine # not a comment", Certificate: Certificate{Cert: "r.pem", Key: "r.key"}},
		},
		"as it is typed": {"domain: a.org\n", "domain: a.org\ndomains:\n  - domain: Bücher.example.com\n", Domain{Domain: "Bücher.example.com"}},
		"every field": {
			"domain: a.org\n",
			"domain: a.org\ndomains:\n  - domain: red.example.com\n    certificate:\n      solvers:\n        - dns01:\n            route53:\n              region: eu\n    apps:\n      - teams\n    csp: ingress\n",
			Domain{Domain: "red.example.com", Certificate: Certificate{Solvers: []Values{{"dns01": Values{"route53": Values{"region": "eu"}}}}}, Apps: []App{Teams}, CSP: ByIngress},
		},
		"there in other letters":  {"domains: [{domain: Bücher.example.com}]", "domains: [{domain: Bücher.example.com}]", Domain{Domain: "xn--bcher-kva.example.com"}},
		"there with the defaults": {"domains: [{domain: red.example.com}]", "domains: [{domain: red.example.com}]", Domain{Domain: "red.example.com", Name: "red", CSP: ByWebapp, Apps: apps}},
		"there already":           {"domains: [{domain: red.example.com, title: T}]", "domains: [{domain: red.example.com, title: T}]", red},
		"there with the setting":  {"domains: [{domain: red.example.com, title: T}]", "domains: [{domain: red.example.com, title: T}]", Domain{Domain: "red.example.com", Title: "T"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := AddDomains([]byte(test.file), test.domain)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Error(diff)
			}
			again, err := AddDomains(got, test.domain)
			if err != nil || string(again) != string(got) {
				t.Errorf("the second time: %v\n%s", err, again)
			}
		})
	}
}

func TestAddSeveralDomains(t *testing.T) {
	two := []Domain{{Domain: "red.example.com"}, {Domain: "blue.example.net", Title: "B"}, {Domain: "RED.example.com"}}
	tests := map[string]struct{ file, want string }{
		"no list":                       {"domain: a.org\n", "domain: a.org\ndomains:\n  - domain: red.example.com\n  - domain: blue.example.net\n    title: B\n"},
		"after items":                   {"domains:\n- domain: c.org\n# end\n", "domains:\n- domain: c.org\n- domain: red.example.com\n- domain: blue.example.net\n  title: B\n# end\n"},
		"one is there":                  {"domains:\n- domain: blue.example.net\n  title: B\n", "domains:\n- domain: blue.example.net\n  title: B\n- domain: red.example.com\n"},
		"in brackets":                   {"domains: [{domain: c.org}] # x\n", "domains: [{domain: c.org}, {domain: red.example.com}, {domain: blue.example.net, title: B}] # x\n"},
		"in a manner that has no place": {"{domain: a.org, domains: [&x {domain: c.org}, *x]}", "{domain: a.org, domains: [&x {domain: c.org}, *x, {domain: red.example.com}, {domain: blue.example.net, title: B}]}\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := AddDomains([]byte(test.file), two...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAddDomainsRefuses(t *testing.T) {
	tests := map[string]struct {
		file   string
		domain Domain
		want   error
	}{
		"invalid domain":    {"domain: a.org\n", Domain{Domain: "red"}, DomainInvalid.Failf("")},
		"no YAML":           {"domain: [\n", Domain{Domain: "red.example.com"}, ConfigurationUneditable.Failf("")},
		"no mapping":        {"- a\n", Domain{Domain: "red.example.com"}, ConfigurationUneditable.Failf("")},
		"list of texts":     {"domains: [a]\n", Domain{Domain: "red.example.com"}, ConfigurationUneditable.Failf("")},
		"no list":           {"domains: 3\n", Domain{Domain: "red.example.com"}, ConfigurationUneditable.Failf("")},
		"key twice":         {"domains: []\ndomains: []\n", Domain{Domain: "red.example.com"}, ConfigurationUneditable.Failf("")},
		"other name":        {"domains: [{domain: red.example.com}]\n", Domain{Domain: "red.example.com", Name: "r"}, ConfigurationUneditable.Failf("")},
		"other certificate": {"domains: [{domain: red.example.com}]\n", Domain{Domain: "red.example.com", Certificate: Certificate{Staging: true}}, ConfigurationUneditable.Failf("")},
		"other apps":        {"domains: [{domain: red.example.com}]\n", Domain{Domain: "red.example.com", Apps: []App{Teams}}, ConfigurationUneditable.Failf("")},
		"other settings":    {"domains: [{domain: red.example.com}]\n", Domain{Domain: "red.example.com", Title: "T"}, ConfigurationUneditable.Failf("")},
		"second document":   {"domain: a.org\n---\nemail: x\n", Domain{Domain: "red.example.com"}, ConfigurationUneditable.Failf("")},
		"null, anchored":    {"&0,", Domain{Domain: "red.example.com"}, ConfigurationUneditable.Failf("")},
		"in braces":         {"{domain: a.org}\n", Domain{Domain: "red.example.com"}, ConfigurationUneditable.Failf("")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got, err := AddDomains([]byte(test.file), test.domain); !errors.Is(err, test.want) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func FuzzAddDomains(f *testing.F) {
	for _, seed := range []string{
		"", "domain: a.org\n", "domains:\n  - domain: b.org\n", "domains: []", "domains: ~", "domains: &a []\nx: *a\n",
		"a: |\n  text\n", "domains:\n- {domain: b.org}\n# end", "{domains: [{domain: b.org}]}", "domains: [\n]\n", "\ufeffdomain: a",
	} {
		f.Add(seed)
	}
	d := Domain{Domain: "red.example.com", Title: "a: b"}
	f.Fuzz(func(t *testing.T, file string) {
		before, err := parse([]byte(file))
		if err != nil {
			return
		}
		got, err := AddDomains([]byte(file), d)
		if err != nil {
			return
		}
		var spec struct {
			Domains []Domain `yaml:"domains"`
		}
		if err := unmarshal(got, &spec); err != nil {
			t.Fatalf("%q became %q: %v", file, got, err)
		}
		if n := len(spec.Domains); n == 0 || !strings.Contains(string(got), d.Domain) {
			t.Errorf("%q became %q", file, got)
		}
		again, err := AddDomains(got, d)
		if err != nil || string(again) != string(got) {
			t.Errorf("%q became %q, then %q: %v", file, got, again, err)
		}
		for key := range before.says {
			if after, err := parse(got); err != nil || after.says[key] == nil && before.says[key] != nil {
				t.Errorf("%q lost %q: %v", file, key, err)
			}
		}
	})
}
