package provision

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"wiabctl/cluster"
)

func TestCalling(t *testing.T) {
	const servers = "turn: ['turn:t.example.org:3478'], sft: https://s.example.org"
	for _, tc := range []struct {
		text, refused string
		want          Calling
	}{
		{"", "", Calling{Mode: "self-hosted", Node: "kubenode3"}},
		{"calling: none", "", Calling{Mode: "none", Node: "kubenode3"}},
		{"calling: self-hosted", "", Calling{Mode: "self-hosted", Node: "kubenode3"}},
		{"calling: {node: kubenode1}", "", Calling{Mode: "self-hosted", Node: "kubenode1"}},
		{"calling:\n  mode: self-hosted\n  node: kubenode2", "", Calling{Mode: "self-hosted", Node: "kubenode2"}},
		{"calling: {mode: none, secret: /s, sft: 'https://s.example.org', turn: ['turn:t.example.org:3478']}", "line 5: calling.turn: is only for calls that others serve: set mode to wire-cloud, or leave it out\nline 5: calling.sft: ", Calling{}},
		{"calling: {mode: maybe}", "line 5: calling.mode: ", Calling{}},
		{"calling: {node: datanode1}", "line 5: calling.node: ", Calling{}},
		{"calling: {nod: kubenode1}", "line 5: calling.nod: there is no such field; did you mean calling.node?", Calling{}},
		{"calling: [none]", "line 5: calling: is a list, wanted is a mapping", Calling{}},
		{"calling: {mode: wire-cloud, turn: ['turn:192.0.2.1:3478?transport=tcp', 'turns:t.example.org:5349'], sft: 'https://s.example.org:443', secret: /s}", "",
			Calling{Mode: "wire-cloud", Node: "kubenode3", TURN: []string{"turn:192.0.2.1:3478?transport=tcp", "turns:t.example.org:5349"}, SFT: "https://s.example.org:443", Secret: "/s"}},
		{"calling: wire-cloud", "line 5: calling.turn: is missing", Calling{}},
		{"calling:\n  mode: wire-cloud\n  turn: ['turn:t.example.org:3478']", "line 5: calling.sft: is missing", Calling{}},
		{"calling:\n  mode: wire-cloud\n  sft: https://s.example.org\n  turn:\n    - t.example.org", "line 9: calling.turn[0]: ", Calling{}},
		{"calling: {mode: wire-cloud, sft: https://s.example.org, turn: ['turn:t.example.org']}", "line 5: calling.turn[0]: ", Calling{}},
		{"calling: {mode: wire-cloud, sft: https://s.example.org, turn: ['turn:t.example.org:0']}", "line 5: calling.turn[0]: ", Calling{}},
		{"calling: {mode: wire-cloud, sft: https://s.example.org, turn: ['turn:T;x:3478']}", "line 5: calling.turn[0]: ", Calling{}},
		{"calling: {mode: wire-cloud, sft: 'http://s.example.org', turn: ['turn:t.example.org:3478']}", "line 5: calling.sft: ", Calling{}},
		{"calling: {mode: wire-cloud, sft: 'https://s.example.org/sft', turn: ['turn:t.example.org:3478']}", "line 5: calling.sft: ", Calling{}},
		{"calling: {mode: wire-cloud, sft: 'https://u:p@s.example.org', turn: ['turn:t.example.org:3478']}", "line 5: calling.sft: ", Calling{}},
		{"calling: {mode: wire-cloud, sft: 'https://s.example.org:99999', turn: ['turn:t.example.org:3478']}", "line 5: calling.sft: ", Calling{}},
		{"calling: {mode: wire-cloud, secret: s, " + servers + "}", "line 5: calling.secret: ", Calling{}},
		{"calling: {mode: none, turn: ['turn:t.example.org:3478']}", "line 5: calling.turn: is only for calls that others serve", Calling{}},
		{"calling: {sft: https://s.example.org}", "line 5: calling.sft: is only for", Calling{}},
		{"calling: {secret: /s}", "line 5: calling.secret: is only for", Calling{}},
		{"calling: {mode: wire-cloud, " + servers + "}\ndomains: [{domain: red.example.com, csp: ingress}]", "line 6: domains[0].csp: ", Calling{}},
	} {
		t.Run(tc.text, func(t *testing.T) {
			config, err := Parse([]byte(smallest + tc.text + "\n"))
			if tc.refused != "" {
				if err == nil || !strings.HasPrefix(err.Error(), tc.refused) {
					t.Errorf("got %v, want %q", err, tc.refused)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(config.Calling, tc.want) {
				t.Errorf("got %+v, %v; want %+v", config.Calling, err, tc.want)
			}
		})
	}
}

// Calls that others serve, or nobody, need neither a server of ours nor a way to one.
func TestCallingElsewhere(t *testing.T) {
	for mode, text := range map[string]string{"wire-cloud": wireCloud, "none": "calling: none\n"} {
		t.Run(mode, func(t *testing.T) {
			config, err := Parse([]byte(smallest + "network: {wan: lo, public_address: 203.0.113.10}\n" + text))
			if err != nil {
				t.Fatal(err)
			}
			i := Open(config, nil)
			if environment, err := i.helmEnvironment(); err != nil || !slices.Contains(environment, "DEPLOY_CALLING_SERVICES=FALSE") {
				t.Errorf("the script's environment: %v, %v", environment, err)
			}
			if i.fabric().Calling.IsValid() {
				t.Errorf("the firewall sends calls to %s", i.fabric().Calling)
			}
			if slices.Contains(i.certificateNames(), "sftd") {
				t.Error("a certificate of sftd is waited for")
			}
			ours := map[string]any{"wiabctl": map[string]any{"calling": "self-hosted"}}
			for name, want := range map[string]string{"sftd": "calling.mode is " + mode, "coturn": "calling.mode is " + mode, "smtp": ""} {
				if got := i.unwanted(cluster.Deployed{Name: name, Values: ours}); got != want {
					t.Errorf("release %s has to go because %q, want %q", name, got, want)
				}
			}
			if got := i.unwanted(cluster.Deployed{Name: "sftd"}); got != "" {
				t.Errorf("somebody's own sftd has to go because %q", got)
			}
		})
	}
}

func TestUnwanted(t *testing.T) {
	i := opened(t, smallest+"domains: [{domain: blue.example.net, name: red}, {domain: red.example.com, name: blue}, {domain: grey.example.net}]")
	for name, tc := range map[string]struct {
		release string
		mark    any
		want    string
	}{
		"a domain of nobody's": {"nginx-ingress-services-pink", map[string]any{"domain": "pink.example.com"}, "its domain is no longer configured"},
		"swapped":              {"nginx-ingress-services-red", map[string]any{"domain": "red.example.com"}, "it is red.example.com's, and its name is blue.example.net's now"},
		"its own":              {"nginx-ingress-services-grey", map[string]any{"domain": "grey.example.net"}, ""},
		"its own, of nobody":   {"nginx-ingress-services-grey", nil, ""},
		"served here":          {"sftd", map[string]any{"calling": "self-hosted"}, ""},
		"somebody's":           {"somebody-s", "no map", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := i.unwanted(cluster.Deployed{Name: tc.release, Values: map[string]any{"wiabctl": tc.mark}}); got != tc.want {
				t.Errorf("it has to go because %q, want %q", got, tc.want)
			}
		})
	}
}

func TestCallingSecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	for name, tc := range map[string]struct {
		content string
		mode    os.FileMode
		want    string
		says    string
	}{
		"a line":           {"s3cret\n", 0o600, "s3cret", ""},
		"without its end":  {"s3cret", 0o400, "s3cret", ""},
		"open to a group":  {"s3cret", 0o640, "", "can be read by others (mode 0640)"},
		"empty":            {"\n", 0o600, "", "does not hold one line"},
		"two lines":        {"a\nb\n", 0o600, "", "does not hold one line"},
		"a strange letter": {"s\x00", 0o600, "", "does not hold one line"},
	} {
		t.Run(name, func(t *testing.T) {
			_ = os.Remove(file)
			if err := errors.Join(os.WriteFile(file, []byte(tc.content), tc.mode), os.Chmod(file, tc.mode)); err != nil {
				t.Fatal(err)
			}
			got, err := (&Calling{Secret: file}).secret()
			if got != tc.want || (err == nil) != (tc.says == "") {
				t.Fatalf("got %q, %v", got, err)
			}
			if err != nil && (!errors.Is(err, ConfigInvalid.Failf("")) || !strings.Contains(err.Error(), tc.says) || tc.content != "\n" && strings.Contains(err.Error(), tc.content)) {
				t.Errorf("it fails with %v, want %q", err, tc.says)
			}
		})
	}
	if _, err := (&Calling{Secret: filepath.Join(t.TempDir(), "none")}).secret(); !errors.Is(err, ConfigInvalid.Failf("")) {
		t.Errorf("without the file: %v", err)
	}
}

// Script, sftd's values and firewall send calls to the same node.
func TestCallingNodeIsOne(t *testing.T) {
	config, err := Parse([]byte(smallest + "calling: {node: kubenode1}\nnetwork: {wan: lo, public_address: 203.0.113.10}\n"))
	if err != nil {
		t.Fatal(err)
	}
	i := Open(config, nil)
	environment, err := i.helmEnvironment()
	if err != nil || !slices.Contains(environment, "WIABCTL_CALLING_NODE=kubenode1") {
		t.Errorf("the script's environment: %v, %v", environment, err)
	}
	if got := i.domainSet().Node; got != "kubenode1" {
		t.Errorf("sftd and coturn are bound to %q", got)
	}
	if got := i.fabric().Calling.String(); got != "192.168.122.21" {
		t.Errorf("the firewall sends calls to %s", got)
	}
}
