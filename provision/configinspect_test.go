package provision

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// TestProblems demands all problems of a file, and no other, in the file's order.
func TestProblems(t *testing.T) {
	const artifact = "artifact: {hash: 5b01f250e128db689715558bad6b5e532cf4a7a0}\n"
	for _, test := range []struct {
		name, content string
		want          []string // whole lines; empty: the file can be used
	}{
		{"typos, with what they mean, and what is wrong in the rest",
			"domian: green.example.org\nemail: ops@example.org\nartifact:\n  hahs: x\nnetwok: {}\nnetwork:\n  egress: some\n  public-address: 203.0.113.7\n",
			[]string{
				"line 1: domian: there is no such field; did you mean domain?",
				"line 4: artifact.hahs: there is no such field; did you mean artifact.hash?",
				"line 5: netwok: there is no such field; did you mean network?",
				`line 7: network.egress: "some" is none of none, acme and full`,
				"line 8: network.public-address: there is no such field; did you mean network.public_address?",
			}},
		{"a field that stands too high", smallest + "vms: {memory: 9GiB, colour: blue}\n",
			[]string{"line 5: vms.memory: there is no such field; did you mean vms.sizes.assethost.memory?", "line 5: vms.colour: there is no such field"}},
		{"values of wrong types", smallest + "host: {upgrade: perhaps}\nvms:\n  ready: soon\n  sizes:\n    kubenode: {cpus: many, memory: 9}\n    datanode: big\n  keys: {}\n" +
			"network: {public_address: nowhere, media: 80}\nproxy: {address: 198.51.100.9, ssh: {port: 70000}}\n",
			[]string{
				`line 5: host.upgrade: is "perhaps", wanted is true or false`,
				`line 7: vms.ready: is "soon", wanted is a time such as 90s or 10m`,
				`line 9: vms.sizes.kubenode.cpus: is "many", wanted is a whole number`,
				`line 9: vms.sizes.kubenode.memory: "9" is not a size such as 9216MiB or 150GiB`,
				`line 10: vms.sizes.datanode: is "big", wanted is a mapping`,
				"line 11: vms.keys: is a mapping, wanted is a list",
				`line 12: network.public_address: ParseAddr("nowhere"): unable to parse IP`,
				`line 12: network.media: "80" is not a range of ports such as 32768-65535`,
				`line 13: proxy.ssh.port: is "70000", wanted is a whole number up to 65535`,
			}},
		{"items of a list keep their numbers", smallest + "domains:\n  - red.example.com\n  - {domain: co.uk}\n  - {domain: blue.example.net, titel: Blue}\n",
			[]string{
				`line 6: domains[0]: is "red.example.com", wanted is a mapping`,
				`line 7: domains[1].domain: "co.uk" is a public suffix, below which others register their names: give one of those`,
				"line 8: domains[2].titel: there is no such field; did you mean domains[2].title?",
			}},
		{"a key twice", smallest + "email: root@example.org\n", []string{"line 5: email: is there twice, on line 3 first"}},
		{"a key that is none", smallest + "[a]: b\n", []string{"line 5: has a key that is no text"}},
		{"no mapping", "- a\n", []string{"line 1: is a list, wanted is a mapping"}},
		{"two documents", smallest + "---\na: b\n", []string{"line 5: a second document begins here: a file holds one"}},
		{"an alias of itself", "domain: &a [*a]\n", []string{"line 1: not YAML: anchor 'a' value contains itself"}},
		{"aliases and merges", "domain: &d green.example.org\nemail: ops@example.org\n" + artifact + "vms:\n  sizes:\n    kubenode: &s {cpus: 3}\n    datanode: {<<: *s, memory: 8GiB}\ndomains: []\n", nil},
		{"a typo in what is merged", smallest + "vms:\n  sizes:\n    kubenode: &s {cpu: 3}\n    datanode: {<<: [*s]}\n",
			[]string{"line 7: vms.sizes.kubenode.cpu: there is no such field; did you mean vms.sizes.kubenode.cpus?"}},
		{"nothing is a default", smallest + "network:\nvms: ~\nhost: {user: null}\n", nil},
		{"another format, of which nothing else can be said", "apiVersion: wiabctl/v2\nnew: field\n",
			[]string{`line 1: apiVersion: "wiabctl/v2" is none of the formats that this wiabctl reads (wiabctl/v1): if it is newer, install the wiabctl that it was written for`}},
		{"the present format", "apiVersion: wiabctl/v1\n" + smallest, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse([]byte(test.content))
			got := ""
			if err != nil {
				got = err.Error()
			}
			if want := strings.Join(test.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if problems := (Problems)(nil); err != nil && !errors.As(err, &problems) {
				t.Errorf("the error is a %T", err)
			}
		})
	}
}

// TestAliasesDoNotBlowUp reads what grows to 10^9 values.
func TestAliasesDoNotBlowUp(t *testing.T) {
	text := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 9 {
		n, m := string(rune('0'+i)), string(rune('1'+i))
		text += "a" + m + ": &a" + m + " [" + strings.TrimSuffix(strings.Repeat("*a"+n+", ", 10), ", ") + "]\n"
	}
	began := time.Now()
	_, err := Parse([]byte(text))
	if err == nil || !strings.Contains(err.Error(), "excessive aliasing") || time.Since(began) > 5*time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{smallest, smallest + wireCloud, "a: &a {<<: *a}\n", "? {a: b}\n: c\n", "--- !!binary x\n", "vms: {machines: {a: &x {address: *x}}}\n", "[]: {}\n---\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := Parse([]byte(text))
		problems, ok := errors.AsType[Problems](err)
		if err != nil && (!ok || len(problems) == 0) {
			t.Fatalf("refused without a problem: %v", err)
		}
		for i, p := range problems {
			if p.Line < 1 || p.Problem == "" || i > 0 && p.Line < problems[i-1].Line {
				t.Errorf("problem %d of %q", i, problems)
			}
		}
	})
}
