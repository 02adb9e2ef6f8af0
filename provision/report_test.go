package provision

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"wiabctl/cluster"
	"wiabctl/ingress"
	"wiabctl/provision/change"
	"wiabctl/provision/redact"
	"wiabctl/vm"
)

// sampleReport is of an installation with something of everything: one domain that is right and one that is not, a
// part that is not well, a run that failed after one that did not.
func sampleReport(t *testing.T) Report {
	t.Helper()
	made := time.Date(2026, 11, 29, 14, 30, 0, 0, time.UTC)
	at := func(s int) time.Time { return made.Add(-2 * time.Hour).Add(time.Duration(s) * time.Second) }
	set := ingress.Set{Default: "green.example.org", Extra: []ingress.Domain{
		{Name: "red", Domain: "red.example.com", Apps: []ingress.App{ingress.Webapp}, Proxy: &ingress.Proxy{Address: netip.MustParseAddr("198.51.100.20")}}}}
	var nodes []ingress.Kubenode
	vms := []VM{{Name: "assethost", Role: vm.Assethost, Address: netip.MustParseAddr("192.168.122.10"), State: "running", Dimensions: vm.Dimensions{CPUs: 2, Memory: 4 << 30, Disk: 100 << 30}, Ready: true}}
	for n := range 3 {
		address := netip.AddrFrom4([4]byte{192, 168, 122, byte(21 + n)})
		name := "kubenode" + string(rune('1'+n))
		nodes = append(nodes, ingress.Kubenode{Name: name, Address: address, Calls: n == 2})
		vms = append(vms, VM{Name: name, Role: vm.Kubenode, Address: address, State: "running", Dimensions: vm.Dimensions{CPUs: 6, Memory: 9 << 30, Disk: 150 << 30}, Ready: true})
	}
	vms = append(vms, VM{Name: "datanode2", Role: vm.Datanode, Address: netip.MustParseAddr("192.168.122.32"), State: "shut off", Dimensions: vm.Dimensions{CPUs: 4, Memory: 8 << 30, Disk: 100 << 30}})
	svg, err := set.Topology(nil, netip.MustParseAddr("203.0.113.10"), nodes).SVG()
	if err != nil {
		t.Fatal(err)
	}
	right := Verification{Domain: "green.example.org", Findings: []ingress.Finding{{Check: "records"}}}
	wrong := Verification{Domain: "red.example.com", Findings: []ingress.Finding{{Check: "assets", Problem: "it leads to 203.0.113.99, not to 198.51.100.20"}}}
	made1 := RunChange{Stage: "vms", Verb: change.Create, Subject: "domain kubenode1", Reason: "it is not defined", Made: true, Took: 41 * time.Second}
	last := Run{RunInfo: RunInfo{Number: 7, Command: "up", Line: "wiabctl up --set calling.token=planted-word", By: "ada", Version: "v0.9.0"}, Began: at(0), Took: 940 * time.Second,
		Outcome: OutcomeFailed, Changes: 3, Text: "helm: release brig does not become ready:\npod brig-0: ImagePullBackOff <b>not markup</b>", Failures: []string{"release-not-ready"},
		Stages: []RunStage{
			{Stage: "preflight", Began: at(0), Took: 2 * time.Second},
			{Stage: "vms", Began: at(2), Took: 95 * time.Second, Changes: []RunChange{made1}},
			{Stage: "assets", Began: at(2), Took: 310 * time.Second, Changes: []RunChange{{Verb: change.Create, Subject: "deploy directory", Reason: "it is not unpacked", Made: true, Took: 310 * time.Second}}},
			{Stage: "cluster", Began: at(312), Took: 400 * time.Second, Changes: []RunChange{{Verb: change.Run, Subject: "offline-cluster.sh", Reason: "it never ran with these inputs, and the token is planted-secret", Made: true, Took: 399 * time.Second}}},
			{Stage: "helm", Began: at(712), Took: 228 * time.Second, Failed: true, Text: "release brig does not become ready", Changes: []RunChange{{Verb: change.Run, Subject: "helm-operations.sh", Reason: "wire-server is not deployed"}}},
		}}
	return Report{
		Made: made, Host: "kvm1.example.org", System: "Debian GNU/Linux 12 (bookworm)", Deployment: "wire", Version: "v0.9.0",
		Stages: []Planned{{Stage: "preflight"}, {Stage: "host"}, {Stage: "vms", Changes: []change.Change{{Verb: change.Start, Subject: "domain datanode2", Reason: "it is shut off"}}},
			{Stage: "verify", Changes: []change.Change{{Verb: change.Wait, Subject: "domain red.example.com", Reason: "deeplink: https://nginz-https.red.example.com/deeplink.json answers 503"}}},
			{Stage: "layers", Err: errors.New("layers: the admin host does not answer")}},
		Health: []Health{{Part: "nodes", State: cluster.Healthy, Text: "3 of 3 are ready"}, {Part: "cassandra", State: cluster.Unhealthy, Text: "2 of 3 nodes are up and normal"},
			{Part: "minio", State: cluster.Absent, Text: "not installed yet"}},
		Topology: svg, VMs: vms,
		Domains: domainReports(ingress.Set{}, []DomainState{
			{Domain: "green.example.org", Certificate: CertificateState{Kind: "letsencrypt", NotAfter: made.Add(80 * 24 * time.Hour)}, Release: ReleaseState{Name: "nginx-ingress-services", Revision: 3, Status: "deployed"}, Verified: at(60)},
			{Domain: "red.example.com", Name: "red", Certificate: CertificateState{Kind: "own", NotAfter: made.Add(9 * 24 * time.Hour)}, Release: ReleaseState{Name: "nginx-ingress-services-red"}},
		}, []Verification{right, wrong}, []Planned{{Stage: "verify", Changes: []change.Change{{Subject: "domain red.example.com", Reason: "deeplink answers 503"}}}}),
		Versions: []Version{{Hash: "5b01f250e128db689715558bad6b5e532cf4a7a0", Active: true, Activated: at(312)}, {Hash: "0123f250e128db689715558bad6b5e532cf4a7a0"}},
		Releases: []ReleaseReport{{"wire-server", "wire-server-5.32.0", "deployed"}, {"brig", "brig-5.32.0", "pending-upgrade"}},
		Runs: []Run{last, {RunInfo: RunInfo{Number: 6, Line: "wiabctl plan", By: "ada"}, Began: at(-600), Took: time.Second, Outcome: OutcomeDeclined},
			{RunInfo: RunInfo{Number: 5, Line: "wiabctl up --yes", By: "root"}, Began: at(-9000), Took: 61 * time.Second, Outcome: OutcomeDone, Changes: 12}},
		Last: last, Missing: []Missing{{"releases", "ask the Kubernetes API: connection refused; password=planted0"}},
		secrets: redact.New([]string{"planted-secret"}),
	}
}

func TestReportPage(t *testing.T) {
	got, err := sampleReport(t).HTML()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/report.golden.html", got)
	if bytes.Contains(got, []byte("planted")) {
		t.Error("a secret is on the page")
	}
	if bytes.Contains(got, []byte("<b>not markup")) || !bytes.Contains(got, []byte("&lt;b&gt;not markup")) {
		t.Error("what a machine said is markup")
	}
}

// The page stands alone: nothing comes from elsewhere, each link inside leads somewhere, and no script is needed.
func TestReportStandsAlone(t *testing.T) {
	page, err := sampleReport(t).HTML()
	if err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	ids, links := map[string]bool{}, []string{}
	for node := range root.Descendants() {
		if node.Type == html.ElementNode && strings.Contains(" script link img iframe object embed ", " "+node.Data+" ") {
			t.Errorf("the page needs a <%s>", node.Data)
		}
		for _, a := range node.Attr {
			switch a.Key {
			case "id":
				if ids[a.Val] {
					t.Errorf("the id %s is there twice", a.Val)
				}
				ids[a.Val] = true
			case "href":
				links = append(links, a.Val)
			case "src", "onclick", "onload":
				t.Errorf("%s=%q", a.Key, a.Val)
			}
		}
	}
	for _, link := range links {
		if anchor, inside := strings.CutPrefix(link, "#"); inside && !ids[anchor] || !inside && !strings.HasPrefix(link, "https://") {
			t.Errorf("the link %s leads nowhere", link)
		}
	}
	if len(links) != 7+2*2 {
		t.Errorf("%d links", len(links))
	}
	if strings.Contains(string(page), "url(") || strings.Contains(string(page), "@import") {
		t.Error("the style comes from elsewhere")
	}
}

func TestVerdict(t *testing.T) {
	ill := Health{Part: "minio", State: cluster.Silent}
	one, two := Planned{Changes: make([]change.Change, 1)}, Planned{Changes: make([]change.Change, 2)}
	for name, test := range map[string]struct {
		report Report
		want   Verdict
	}{
		"fine":              {Report{Stages: []Planned{{}}, Health: []Health{{State: cluster.Healthy}, {State: cluster.Absent}}}, Verdict{"good", "As configured, and well"}},
		"one change":        {Report{Stages: []Planned{{}, one}}, Verdict{"open", "1 change to make"}},
		"changes":           {Report{Stages: []Planned{one, two}}, Verdict{"open", "3 changes to make"}},
		"a stage is silent": {Report{Stages: []Planned{{Err: errors.New("x")}}}, Verdict{"open", "Not all stages can tell"}},
		"not well":          {Report{Stages: []Planned{two}, Health: []Health{ill}}, Verdict{"bad", "Not well: minio"}},
	} {
		if got := test.report.Verdict(); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// However odd the times of a run are, no bar leaves its track.
func TestBars(t *testing.T) {
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	work := []RunChange{{}}
	r := Report{Last: Run{Began: began, Took: 100 * time.Second, Stages: []RunStage{
		{Stage: "half", Began: began.Add(50 * time.Second), Took: 25 * time.Second, Changes: work}, {Stage: "nothing", Began: began, Took: time.Second},
		{Stage: "short", Began: began.Add(99 * time.Second), Took: 0, Changes: work}, {Stage: "before", Began: began.Add(-time.Minute), Took: 20 * time.Second, Failed: true},
		{Stage: "after", Began: began.Add(100 * time.Second), Took: 100 * time.Second, Changes: work}}}}
	bars := r.Bars()
	if len(bars) != 4 || bars[0].Stage != "half" || bars[0].Left != 25 || bars[0].Width != 12.5 { // the last stage makes the whole 200 s
		t.Errorf("%+v", bars)
	}
	for _, b := range bars {
		if b.Left < 0 || b.Width < 0.7 || b.Left+b.Width > 100 {
			t.Errorf("%s is from %g on %g wide", b.Stage, b.Left, b.Width)
		}
	}
	if bars := (Report{Last: Run{Stages: []RunStage{{Changes: work}}}}).Bars(); len(bars) != 0 {
		t.Errorf("a run of no time: %v", bars)
	}
}

func TestLastRuns(t *testing.T) {
	dir := t.TempDir()
	record := func(number, events string) {
		if err := os.WriteFile(filepath.Join(dir, number+".jsonl"), []byte(events), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const begun = `{"time":"2026-11-29T13:00:00Z","event":"run"}` + "\n"
	record("000001", begun+`{"time":"2026-11-29T13:00:01Z","stage":"vms","event":"begun","verb":"create","subject":"x"}
{"time":"2026-11-29T13:00:02Z","stage":"vms","event":"made","verb":"create","subject":"x"}
`)
	record("000002", begun)
	record("000003", begun)
	last, changed, err := lastRuns(dir, 2)
	if err != nil || len(last) != 2 || last[0].Number != 3 || changed.Number != 1 || len(changed.Stages) != 1 {
		t.Errorf("%+v, %+v, %v", last, changed, err)
	}
	if last, changed, err := lastRuns(t.TempDir(), 2); err != nil || len(last) != 0 || changed.Number != 0 {
		t.Errorf("without a history: %v, %v, %v", last, changed, err)
	}
}
