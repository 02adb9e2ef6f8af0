package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wiabctl/provision"
	"wiabctl/provision/change"
)

func TestPlainView(t *testing.T) {
	var out bytes.Buffer
	show := (&options{output: "plain"}).view(&out)
	about := provision.Event{Stage: "vms", Verb: change.Create, Subject: "domain kubenode1"}
	send := func(kind provision.EventKind, text string) {
		e := about
		e.Kind, e.Text, e.Took = kind, text, 1234*time.Millisecond
		show(e)
	}
	show(provision.Event{Stage: "vms", Kind: provision.StagePlanned, Changes: 1})
	send(provision.ChangeBegun, "it is not defined\nand never was")
	send(provision.Progressed, "booting")
	send(provision.Progressed, "booting")
	send(provision.Progressed, "nearly \x1bthere") // a machine said so
	send(provision.ChangeMade, "")
	show(provision.Event{Stage: "vms", Kind: provision.StageDone, Changes: 1, Took: 61 * time.Second})
	show(provision.Event{Stage: "helm", Kind: provision.StageDone})
	want := `vms          create domain kubenode1: it is not defined; and 1 more
vms            domain kubenode1: booting
vms            domain kubenode1: nearly there
vms            domain kubenode1: done in 1.23s
vms          as configured, after 1 change in 1m1s
helm         as configured
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestJSONView(t *testing.T) {
	var out bytes.Buffer
	(&options{output: "json"}).view(&out)(provision.Event{Stage: "vms", Kind: provision.ChangeBegun, Verb: change.Start, Subject: "domain a", Text: "shut off"})
	for _, part := range []string{`"stage":"vms"`, `"event":"begun"`, `"verb":"start"`, `"subject":"domain a"`, `"text":"shut off"`} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("%s lacks %s", out.String(), part)
		}
	}
	if strings.Count(out.String(), "\n") != 1 {
		t.Error("an event is one line")
	}
}

func TestRenderError(t *testing.T) {
	kind := change.Kind{ID: "port-taken", Exit: 40, Advice: "stop that program"}
	err := errors.Join(
		fmt.Errorf("preflight: %w", kind.Failf("port 80 is taken").By("systemctl stop nginx")),
		fmt.Errorf("preflight: %w", kind.Failf("port 443 is \x1b\rtaken").By("systemctl stop nginx")),
		kind.Failf("port 3478 is taken").By("wiabctl vm\x1b list"), change.Kind{ID: "other", Advice: "look twice", Command: "look"}.Failf("odd"))
	var out bytes.Buffer
	renderError(&out, &unfinished{err, "stopped; next: wiabctl up"}, "green.yaml")
	want := `error: preflight: port 80 is taken
preflight: port 443 is taken
port 3478 is taken
odd
  [port-taken] stop that program
  type: systemctl stop nginx
  type: wiabctl -c green.yaml vm list
  [other] look twice
stopped; next: wiabctl up
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestPlainPlanTellsValuesOnce(t *testing.T) {
	lines := []string{"+ a: 1"}
	var out bytes.Buffer
	(&provision.Pipeline{Observe: newPlainView(&out).show}).Tell([]provision.Planned{
		{Stage: "helm", Changes: []change.Change{{Verb: change.Update, Subject: "file a.yaml", Reason: "it differs", Diff: lines, Within: "release a"}}},
		{Stage: "domains", Changes: []change.Change{{Verb: change.Update, Subject: "release a", Reason: "its values differ at a", Diff: lines}}}})
	want := `helm         ~ update file a.yaml: it differs; what differs is told at release a
domains      ~ update release a: its values differ at a
               + a: 1
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

// A domain may be wrong in a dozen ways: the first has room in a plan, all of them in its JSON.
func TestPlainPlanTellsOneCause(t *testing.T) {
	plans := []provision.Planned{{Stage: "verify", Changes: []change.Change{{Verb: change.Wait, Subject: "domain a", Reason: "status: 404\nteams: 404\nsft: 404"}}}}
	for output, want := range map[string]string{"plain": "verify       ~ wait domain a: status: 404; and 2 more\n", "json": `"text":"status: 404\nteams: 404\nsft: 404"`} {
		var out bytes.Buffer
		(&provision.Pipeline{Observe: (&options{output: output}).view(&out)}).Tell(plans)
		if !strings.Contains(out.String(), want) {
			t.Errorf("got\n%s\nwant\n%s", out.String(), want)
		}
	}
}

// onePlan is a plan of each kind of change.
func onePlan() []provision.Planned {
	return []provision.Planned{
		{Stage: "network", Changes: []change.Change{{Verb: change.Update, Subject: "nftables table ip wiabctl", Reason: "chain web has 1 rules, wanted 2",
			Diff: []string{`+ web: tcp dport 443 goto spread comment "https"`, `- web: "mine"`}}}},
		{Stage: "vms", Changes: []change.Change{
			{Verb: change.Create, Subject: "domain a", Reason: "it is not defined"}, {Verb: change.Start, Subject: "domain b", Reason: "it is shut off"},
			{Verb: change.Restart, Subject: "domain c", Reason: "its seed differs"}, {Verb: change.Delete, Subject: "file x", Reason: "nobody\x1b needs it"},
		}},
		{Stage: "helm", Changes: []change.Change{{Verb: change.Run, Subject: "helm-operations.sh", Reason: "it never ran"}}, Err: fmt.Errorf("helm: %w", errors.New("the API does not answer"))},
	}
}

func TestPlainPlan(t *testing.T) {
	for _, test := range []struct {
		name string
		view *plainView
		want string
	}{
		{"without colours", &plainView{}, `network      ~ update nftables table ip wiabctl: chain web has 1 rules, wanted 2
               + web: tcp dport 443 goto spread comment "https"
               - web: "mine"
vms          + create domain a: it is not defined
vms          + start domain b: it is shut off
vms          ! restart domain c: its seed differs
vms          - delete file x: nobody needs it
helm         ~ run helm-operations.sh: it never ran
helm         ! cannot tell: the API does not answer
`},
		{"with colours", &plainView{paint: palette{true}}, "network      \x1b[33m~\x1b[0m update nftables table ip wiabctl: chain web has 1 rules, wanted 2\n" +
			"               \x1b[32m+\x1b[0m web: tcp dport 443 goto spread comment \"https\"\n               \x1b[31m-\x1b[0m web: \"mine\"\n" +
			"vms          \x1b[32m+\x1b[0m create domain a: it is not defined\nvms          \x1b[32m+\x1b[0m start domain b: it is shut off\n" +
			"vms          \x1b[31m!\x1b[0m restart domain c: its seed differs\nvms          \x1b[31m-\x1b[0m delete file x: nobody needs it\n" +
			"helm         \x1b[33m~\x1b[0m run helm-operations.sh: it never ran\nhelm         \x1b[31m!\x1b[0m cannot tell: the API does not answer\n"},
	} {
		var out bytes.Buffer
		test.view.out, test.view.last = &out, map[string]string{}
		(&provision.Pipeline{Observe: test.view.show}).Tell(onePlan())
		if out.String() != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, out.String(), test.want)
		}
	}
}

func TestLastScreen(t *testing.T) {
	took := &timing{}
	note := took.noted(func(provision.Event) {})
	note(provision.Event{Stage: "vms", Kind: provision.StageDone, Changes: 7, Took: 63 * time.Second})
	note(provision.Event{Stage: "host", Kind: provision.StageDone, Took: time.Second})
	note(provision.Event{Stage: "helm", Kind: provision.StageDone, Changes: 1, Took: 32 * time.Second})
	note(provision.Event{Stage: "verify", Kind: provision.ChangeWanted, Verb: change.Wait, Subject: "domain green.example.org"})
	note(provision.Event{Stage: "vms", Kind: provision.ChangeWanted, Verb: change.Start, Subject: "domain datanode1"})
	if !slices.Equal(took.silent, []string{"green.example.org"}) {
		t.Errorf("silent before: %v", took.silent)
	}
	if !took.changed("helm") || took.changed("host") {
		t.Error("helm changed something, host did not")
	}
	dns := []string{"red.example.com: webapp.red.example.com: has no address\x1b"}
	for range 7 {
		dns = append(dns, "blue.example.net: it is\nwrong")
	}
	for _, test := range []struct {
		name string
		last lastScreen
		want string
	}{
		{"nothing was done", lastScreen{time: &timing{}, addresses: [][]string{{"https://webapp.green.example.org/"}}}, "0 changes\nhttps://webapp.green.example.org/\n"},
		{"the first time", lastScreen{8, took, [][]string{{"https://webapp.green.example.org/", "https://nginz-https.green.example.org/deeplink.json"}}, dns[:1], "https://webapp.green.example.org/", false, "/srv/b.yaml"}, `8 changes
the time went to: vms 1m3s, helm 32s
https://webapp.green.example.org/
https://nginz-https.green.example.org/deeplink.json
next: what is not right in DNS, see ` + "`wiabctl domain dns`" + `
  red.example.com: webapp.red.example.com: has no address
next: the first account; the code for it comes by e-mail, which the VMs may not send yet:
  sudoedit /srv/b.yaml    # set network.egress: full
  sudo wiabctl -c /srv/b.yaml up
  then register at https://webapp.green.example.org/
`},
		{"where mail leaves", lastScreen{8, &timing{}, [][]string{{"https://a/"}}, nil, "https://a/", true, defaultConfig}, "8 changes\nhttps://a/\nnext: the first account, at https://a/; the code for it comes by e-mail\n"},
		{"three domains", lastScreen{time: &timing{}, addresses: [][]string{{"a"}, {"b"}, {"c"}}}, "0 changes\na\nb\nc\n"},
		{"four", lastScreen{time: &timing{}, addresses: [][]string{{"a"}, {"b"}, {"c"}, {"d"}}}, "0 changes\na\nb\nc\nand those of 1 domain more, see `wiabctl domain list`\n"},
		{"a hundred", lastScreen{time: &timing{}, addresses: slices.Repeat([][]string{{"a", "b"}}, 100)}, "0 changes\na\nb\na\nb\na\nb\nand those of 97 domains more, see `wiabctl domain list`\n"},
	} {
		var out bytes.Buffer
		test.last.render(&out)
		if out.String() != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, out.String(), test.want)
		}
	}
	var out bytes.Buffer
	lastScreen{1, took, nil, dns, "", false, defaultConfig}.render(&out)
	if !strings.HasSuffix(out.String(), "  blue.example.net: it is\n  wrong\n  and 2 more\n") {
		t.Errorf("many problems: %s", out.String())
	}
}
