package ingress

import (
	"slices"
	"strings"
	"testing"
)

// What is known follows from what is configured.
func TestKnownLeaks(t *testing.T) {
	domains := func(apps ...App) []Domain { return []Domain{{Domain: "red.example.com", Apps: apps}} }
	open := Ways{Open: []string{"green.example.org", "red.example.com"}}
	always := []string{"federation domain", "mails", "provisioning"}
	with := func(what ...string) []string {
		return append(append(slices.Clone(always), what...), "certificate logs")
	}
	for name, test := range map[string]struct {
		set   Set
		fixed Fixed
		ways  Ways
		want  []string
	}{
		"one domain":    {Set{Default: "green.example.org", SFT: "sftd.green.example.org"}, fixed, open, nil},
		"everything":    {Set{Default: "green.example.org", SFT: "sftd.green.example.org", Extra: domains(apps...)}, fixed, open, with("conference calls", "calls", "account pages", "team settings", "address", "origins", "scans")},
		"calls by Wire": {Set{Default: "green.example.org", SFT: "sft.wire.example", Calls: &Calls{}, Extra: domains()}, fixed, open, with("address", "origins", "scans")},
		"no calls":      {Set{Default: "green.example.org", Extra: domains()}, fixed, open, with("address", "origins", "scans")},
		"newer pages":   {Set{Default: "green.example.org", Extra: domains(apps...)}, Fixed{}, open, with("team settings", "address", "origins", "scans")},
		"one proxy":     {Set{Default: "green.example.org", Extra: domains()}, fixed, Ways{Open: []string{"green.example.org"}}, with("origins", "scans")},
		"all closed":    {Set{Default: "green.example.org", Extra: domains()}, fixed, Ways{Closed: true}, with()},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, l := range test.set.KnownLeaks(test.fixed, test.ways) {
				got = append(got, l.What)
				if l.Tells == "" || l.Remedy == "" {
					t.Errorf("%+v lacks something", l)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %s\nwant %s", strings.Join(got, ", "), strings.Join(test.want, ", "))
			}
		})
	}
}
