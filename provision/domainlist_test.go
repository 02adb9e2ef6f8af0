package provision

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wiabctl/ingress"
)

func TestReadDomains(t *testing.T) {
	const list = `- domain: Red.example.com
- domain: blue.example.net
  title: B
  certificate: {cert: blue.pem, key: /etc/blue.key}
`
	got, err := ReadDomains("list", "/srv/lists", []byte(list))
	want := []Domain{
		{Domain: "Red.example.com"},
		{Domain: "blue.example.net", Title: "B", Certificate: ingress.Certificate{Cert: "/srv/lists/blue.pem", Key: "/etc/blue.key"}},
	}
	if diff := cmp.Diff(want, got.Domains); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

func TestReadDomainsRefuses(t *testing.T) {
	tests := map[string]struct{ list, says string }{
		"nothing":       {"", "line 1: the file is empty"},
		"an empty list": {"[]", "line 1: it lists no domain"},
		"no YAML":       {"[", "line 1: not YAML: "},
		"no list":       {"domain: red.example.com\n", "line 1: is a mapping, wanted is a list"},
		"no such field": {"- domain: red.example.com\n  colour: red\n", "line 2: [0].colour: there is no such field"},
		"no domain":     {"- domain: red.example.com\n- title: B\n", `line 2: [1].domain: "" is empty`},
		"twice":         {"- domain: red.example.com\n\n- domain: Red.example.com\n", `line 3: [1].domain: "red.example.com" is also domains[0]`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := ReadDomains("list", "", []byte(test.list))
			if !errors.Is(err, ConfigInvalid.Failf("")) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, %v; want config-invalid that says %q", got, err, test.says)
			}
		})
	}
}
