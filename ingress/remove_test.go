package ingress

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRemoveDomains(t *testing.T) {
	const three = "domains:\n  # shops\n  - domain: red.example.com # r\n    title: R\n\n  # offices\n  - domain: blue.example.net\n  - {domain: lime.example.org} # l\n\n# then\nemail: x\n"
	tests := map[string]struct {
		file, want string
		domains    []string
	}{
		"the first":  {three, strings.Replace(three, "  - domain: red.example.com # r\n    title: R\n", "", 1), []string{"red.example.com"}},
		"the middle": {three, strings.Replace(three, "  - domain: blue.example.net\n", "", 1), []string{"blue.example.net"}},
		"the last":   {three, strings.Replace(three, "  - {domain: lime.example.org} # l\n", "", 1), []string{"lime.example.org"}},
		"all":        {three, "domains:\n  # shops\n\n  # offices\n\n# then\nemail: x\n", []string{"blue.example.net", "red.example.com", "lime.example.org"}},
		"in other letters": {
			"domains:\n- domain: bücher.example.org\n- domain: red.example.com\n", "domains:\n- domain: bücher.example.org\n", []string{"Red.Example.COM"},
		},
		"in Punycode":       {"domains:\n- domain: Bücher.example.org\n", "domains:\n", []string{"xn--bcher-kva.example.org"}},
		"with a long text":  {"domains:\n  - title: >-\n      one\n      two\n\n      three\n    domain: red.example.com\nemail: x\n", "domains:\nemail: x\n", []string{"red.example.com"}},
		"ends in long text": {"domains:\n  - domain: red.example.com\n    title: |\n      one\n\n      two\nemail: x\n", "domains:\nemail: x\n", []string{"red.example.com"}},
		"mark of its own":   {"domains:\n  -\n    domain: red.example.com\n  -\n    domain: blue.example.net\n", "domains:\n  -\n    domain: blue.example.net\n", []string{"red.example.com"}},
		"Windows":           {"domains:\r\n  - domain: red.example.com\r\n  - domain: blue.example.net\r\nemail: x\r\n", "domains:\r\n  - domain: blue.example.net\r\nemail: x\r\n", []string{"red.example.com"}},
		"no last break":     {"domains:\n  - domain: red.example.com\n  - domain: blue.example.net", "domains:\n  - domain: red.example.com\n", []string{"blue.example.net"}},
		"in brackets":       {"domains: [{domain: red.example.com}, {domain: blue.example.net}] # x\n", "domains: [{domain: blue.example.net}] # x\n", []string{"red.example.com"}},
		"last in brackets":  {"domains: [{domain: red.example.com}, {domain: blue.example.net, certificate: {cert: a, key: b}}] # }\n", "domains: [{domain: red.example.com}] # }\n", []string{"blue.example.net"}},
		"one in brackets":   {"domains: [{domain: red.example.com}] # x\n", "domains: [] # x\n", []string{"red.example.com"}},
		"over lines":        {"domains: [\n  {domain: red.example.com}, # r\n  {domain: blue.example.net}, # b\n]\n", "domains: [\n  {domain: red.example.com}, # r\n  # b\n]\n", []string{"blue.example.net"}},
		"behind letters":    {"{title: ü, domains: [{domain: red.example.com}, {domain: blue.example.net}]}", "{title: ü, domains: [{domain: blue.example.net}]}", []string{"red.example.com"}},
		"pair in brackets":  {"domains: [domain: red.example.com, {domain: blue.example.net}]\n", "domains: [{domain: blue.example.net}]\n", []string{"red.example.com"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := RemoveDomains([]byte(test.file), test.domains...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRemoveDomainsRefuses(t *testing.T) {
	tests := map[string]struct {
		file string
		want error
		says string
	}{
		"not there":      {"domains: [{domain: blue.example.net}]\n", DomainUnknown.Failf(""), "no extra domain red.example.com"},
		"default":        {"domain: red.example.com\n", DomainUnknown.Failf(""), "no extra domain red.example.com"},
		"no YAML":        {"domains: [\n", ConfigurationUneditable.Failf(""), ""},
		"no list":        {"domains: red.example.com\n", ConfigurationUneditable.Failf(""), ""},
		"of an anchor":   {"domains:\n- &a {domain: red.example.com}\n- {<<: *a, domain: b.org}\n", ConfigurationUneditable.Failf(""), ""},
		"list elsewhere": {"x: &a [{domain: red.example.com}]\ndomains: *a\n", ConfigurationUneditable.Failf(""), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got, err := RemoveDomains([]byte(test.file), "red.example.com"); !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// What is added and removed again leaves the file as it was, but for a list that was not there.
func FuzzRemoveDomains(f *testing.F) {
	for _, seed := range []string{
		"domains:\n  - domain: b.org\n", "domains: [{domain: b.org}]", "domains:\n- {domain: b.org}\n# end", "{domains: [{domain: b.org}]}", "domains:\n  # c\n  - domain: b.org\n    title: |\n     x\n\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file string) {
		before, err := parse([]byte(file))
		if err != nil || before.domains == nil || before.domains.Kind != sequenceNode {
			return
		}
		added, err := AddDomains([]byte(file), Domain{Domain: "red.example.com"})
		if err != nil || string(added) == file {
			return
		}
		removed, err := RemoveDomains(added, "RED.example.com")
		if err != nil {
			t.Fatalf("%q became %q, then: %v", file, added, err)
		}
		after, err := parse(removed)
		if err != nil {
			t.Fatalf("%q became %q: %v", added, removed, err)
		}
		list, _ := before.list()
		have, err := after.list()
		if diff := cmp.Diff(len(list), len(have)); err != nil || diff != "" {
			t.Errorf("%q became %q, then %q: %v %s", file, added, removed, err, diff)
		}
	})
}
