package cluster

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	bignum "math/big"
	"os"
	"strings"
	"testing"
	"time"

	"wiabctl/provision/change"
)

// recorded is what a real program said.
func recorded(t testing.TB, name string) string {
	t.Helper()
	said, err := os.ReadFile("testdata/health/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(said)
}

// judge compares a verdict with the wanted one; an empty text wants an error.
func judge(t *testing.T, got Verdict, err error, well bool, text string) {
	t.Helper()
	if got.Well != well || got.Text != text || (err != nil) != (text == "") {
		t.Errorf("well %v: %q, %v\nwant %v: %q", got.Well, got.Text, err, well, text)
	}
}

func TestExamine(t *testing.T) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	all := Examine(ctx, []Probe{
		{"hung", func(ctx context.Context) (Verdict, error) { <-ctx.Done(); return Verdict{}, context.Cause(ctx) }},
		{"well", func(context.Context) (Verdict, error) { return Verdict{true, "3 of 3"}, nil }},
		{"ill", func(context.Context) (Verdict, error) { return Verdict{false, "2 of 3"}, nil }},
		{"broken", func(context.Context) (Verdict, error) { return Verdict{true, "?"}, errors.New("no way") }},
		{"none", func(context.Context) (Verdict, error) { return Verdict{}, fmt.Errorf("x: %w", change.ErrNotInstalled) }},
	})
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("one part that hangs kept all waiting for %s", took)
	}
	var got []string
	for _, h := range all {
		got = append(got, fmt.Sprintf("%s %s: %s", h.Part, h.State, h.Text))
	}
	want := "hung silent: context deadline exceeded\nwell healthy: 3 of 3\nill unhealthy: 2 of 3\nbroken silent: no way\nnone absent: not installed yet"
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

func TestRingVerdict(t *testing.T) {
	ring := recorded(t, "nodetool.txt")
	for _, test := range []struct {
		name, said string
		well       bool
		text       string
	}{
		{"all up", ring, true, "3 of 3 nodes are up and normal (UN)"},
		{"one down", strings.Replace(ring, "UN  192.168.122.32", "DN  192.168.122.32", 1), false, "2 of 3 nodes are up and normal (UN); 192.168.122.32 is DN"},
		{"one unknown, one joining", strings.NewReplacer("UN  192.168.122.31", "?N  192.168.122.31", "UN  192.168.122.33", "UJ  192.168.122.33").Replace(ring), false,
			"1 of 3 nodes are up and normal (UN); 192.168.122.31 is ?N, 192.168.122.33 is UJ"},
		{"one was forgotten", strings.Join(strings.Split(ring, "\n")[:7], "\n"), false, "2 of 3 nodes are up and normal (UN)"},
		{"IPv6", "UN  2001:db8::1  1 MiB\nUN  2001:db8::2  1 MiB\nUN  2001:db8::3  1 MiB\n", true, "3 of 3 nodes are up and normal (UN)"},
		{"no ring", "error: No nodes present in the cluster. Has this node finished starting up?\n", false, ""},
		{"nothing", "", false, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ringVerdict(test.said, 3)
			judge(t, got, err, test.well, test.text)
		})
	}
}

func TestIndexVerdict(t *testing.T) {
	health := recorded(t, "elasticsearch.json")
	for _, test := range []struct {
		name, said string
		well       bool
		text       string
	}{
		{"green", health, true, "green, 3 of 3 nodes"},
		{"yellow", strings.NewReplacer(`"green"`, `"yellow"`, `_nodes":3`, `_nodes":2`, `"unassigned_shards":0`, `"unassigned_shards":5`).Replace(health), false, "yellow, 2 of 3 nodes; 5 shards have no place"},
		{"green with a node less", strings.ReplaceAll(health, `_nodes":3`, `_nodes":2`), false, "green, 2 of 3 nodes"},
		{"an error", `{"error":{"type":"master_not_discovered_exception"},"status":503}`, false, ""},
		{"no JSON", "<html>", false, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := indexVerdict([]byte(test.said), 3)
			judge(t, got, err, test.well, test.text)
		})
	}
}

func TestMembersVerdict(t *testing.T) {
	state := recorded(t, "rabbitmq.json")
	for _, test := range []struct {
		name, said string
		well       bool
		text       string
	}{
		{"all run", state, true, "3 of 3 members are running"},
		{"one stopped", strings.Replace(state, `"rabbit@datanode3","rabbit@datanode1"],"versions"`, `"rabbit@datanode1"],"versions"`, 1), false, "2 of 3 members are running; rabbit@datanode3 is not running"},
		{"one was forgotten", strings.NewReplacer(`,"rabbit@datanode3"],"feature`, `],"feature`, `"rabbit@datanode3","rabbit@datanode1"],"versions"`, `"rabbit@datanode1"],"versions"`).Replace(state), false, "2 of 3 members are running"},
		{"partitioned, with an alarm", strings.NewReplacer(`"partitions":{}`, `"partitions":{"rabbit@datanode1":["rabbit@datanode2"]}`, `"alarms":[]`, `"alarms":[{"node":"rabbit@datanode1","resource":"disk"}]`).Replace(state), false,
			"3 of 3 members are running; the cluster is partitioned, 1 alarms stop its publishers"},
		{"an error", `{"error":"nodedown"}`, false, ""},
		{"nothing", "", false, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := membersVerdict([]byte(test.said), 3)
			judge(t, got, err, test.well, test.text)
		})
	}
}

func TestReplication(t *testing.T) {
	all := Stations{{Name: "datanode1"}, {Name: "datanode2"}, {Name: "datanode3"}}
	gone := errors.New("it does not answer")
	for _, test := range []struct {
		name string
		said [3]string // empty: no answer
		well bool
		text string
	}{
		{"as installed", [3]string{"f|2\n", "t|0\n", "t|0\n"}, true, "primary datanode1, 2 of 2 standbys are streaming"},
		{"after a failover", [3]string{"t|0", "t|0", "f|2"}, true, "primary datanode3, 2 of 2 standbys are streaming"},
		{"a standby does not follow", [3]string{"f|1", "t|0", "t|0"}, false, "primary datanode1, 1 of 2 standbys are streaming"},
		{"a standby is gone", [3]string{"f|1", "t|0", ""}, false, "primary datanode1, 1 of 2 standbys are streaming; datanode3: it does not answer"},
		{"the primary is gone", [3]string{"", "t|0", "t|0"}, false, "no primary, standbys: datanode2, datanode3; datanode1: it does not answer"},
		{"two primaries", [3]string{"f|1", "f|0", "t|0"}, false, "more than one primary: datanode1, datanode2"},
		{"an answer that is none", [3]string{"f|2", "t|0", "ERROR"}, false, `primary datanode1, 2 of 2 standbys are streaming; datanode3: psql answers "ERROR"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			servers, errs := make([]replication, 3), make([]error, 3)
			for i, said := range test.said {
				if errs[i] = gone; said != "" {
					servers[i], errs[i] = parseReplication(said)
				}
			}
			judge(t, all.replicationVerdict(servers, errs), nil, test.well, test.text)
		})
	}
}

func TestStoreVerdict(t *testing.T) {
	gone := errors.New("datanode2 does not answer")
	judge(t, storeVerdict([]error{nil, nil, nil}, true), nil, true, "3 of 3 servers are online")
	judge(t, storeVerdict([]error{nil, gone, nil}, true), nil, false, "2 of 3 servers are online; datanode2 does not answer")
	judge(t, storeVerdict([]error{nil, nil, nil}, false), nil, false, "3 of 3 servers are online, too few to write")
}

func TestKubernetesVerdicts(t *testing.T) {
	var nodes nodeList
	var pods podList
	if err := errors.Join(json.Unmarshal([]byte(recorded(t, "nodes.json")), &nodes), json.Unmarshal([]byte(recorded(t, "pods.json")), &pods)); err != nil {
		t.Fatal(err)
	}
	judge(t, nodes.verdict(3), nil, false, "1 of 3 are ready; kubenode2: Kubelet stopped posting node status.; kubenode3: container runtime network not ready")
	nodes.Items = nodes.Items[:1]
	judge(t, nodes.verdict(3), nil, false, "1 of 3 are ready")
	judge(t, nodes.verdict(1), nil, true, "1 of 1 are ready")
	judge(t, pods.verdict(), nil, false, "7 of 11 are not ready: default/cannon-0 (CrashLoopBackOff), default/galley-1 (ImagePullBackOff), default/nginz-1 (Unschedulable), "+
		"default/old-1 (Evicted), default/spar-1 (Error), default/webapp-1 (NotReady), kube-system/new (Pending)")
	for range named {
		pods.Items = append(pods.Items, pods.Items[1])
	}
	if got := pods.verdict().Text; !strings.HasPrefix(got, "17 of 21 are not ready") || !strings.HasSuffix(got, " and 7 more") {
		t.Errorf("of many pods: %s", got)
	}
	pods.Items = pods.Items[:1]
	judge(t, pods.verdict(), nil, true, "none of 1 is not ready")
	judge(t, releasesVerdict(map[string]Deployed{"webapp": {Revision: 2, Status: "deployed"}, "brig": {Revision: 7, Status: "pending-upgrade"}, "smtp": {Revision: 1, Status: "deployed"}}), nil, false,
		"brig (7) is pending-upgrade; 2 of 3 are deployed, in their revisions: smtp (1), webapp (2)")
	until := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	green, red := Certificate{Name: "green", Ready: true, NotAfter: until}, Certificate{Name: "red", Problem: "issuing"}
	judge(t, certificatesVerdict([]Certificate{green}, []string{"green"}), nil, true, "1 of 1 are ready: green until 2026-03-04")
	judge(t, certificatesVerdict([]Certificate{green, red}, []string{"green", "red", "blue"}), nil, false, "red: issuing; blue does not exist; 1 of 3 are ready: green until 2026-03-04")
}

func TestOwnCertificatesProbe(t *testing.T) {
	secret := func(name string, ends time.Duration) any {
		return map[string]any{"metadata": map[string]any{"name": name}, "data": map[string]any{"tls.crt": selfSigned(t, time.Now().Add(ends)), "tls.key": []byte("x")}}
	}
	api := testAPI(t, map[string]any{
		inDefault + "/certificates": map[string]any{"items": []any{}},
		"/api/v1/namespaces/default/secrets": map[string]any{"items": []any{
			secret("blue-tls", 16*24*time.Hour), secret("lime-tls", 14*24*time.Hour), secret("pink-tls", -time.Hour),
			map[string]any{"metadata": map[string]any{"name": "waiting-tls"}, "data": map[string]any{"tls.crt": []byte{}}},
		}},
	})
	day := func(ends time.Duration, layout string) string { return time.Now().Add(ends).UTC().Format(layout) }
	well, err := api.CertificatesProbe(nil, map[string]string{"blue.example.net": "blue-tls"}).Ask(t.Context())
	judge(t, well, err, true, "1 of 1 are ready: blue.example.net's own until "+day(16*24*time.Hour, time.DateOnly))
	for domain, says := range map[string]string{
		"lime": "lime's own: it ends on " + day(14*24*time.Hour, time.DateOnly), "pink": "pink's own: it ends on ", "red": "red's own: it is not deployed yet", "waiting": "waiting's own: it is not deployed yet",
	} {
		v, err := api.CertificatesProbe(nil, map[string]string{domain: domain + "-tls"}).Ask(t.Context())
		if err != nil || v.Well || !strings.HasPrefix(v.Text, says) {
			t.Errorf("%s: well %v: %q, %v; want %q", domain, v.Well, v.Text, err, says)
		}
	}
}

// selfSigned is a certificate in PEM that ends then.
func selfSigned(t *testing.T, ends time.Time) []byte {
	t.Helper()
	_, key := generate(t)
	template := &x509.Certificate{SerialNumber: bignum.NewInt(1), NotAfter: ends}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// FuzzVerdicts gives all readers what nobody expects.
func FuzzVerdicts(f *testing.F) {
	for _, name := range []string{"nodetool.txt", "elasticsearch.json", "rabbitmq.json", "pods.json", "nodes.json"} {
		f.Add(recorded(f, name))
	}
	f.Add("f|2")
	f.Fuzz(func(t *testing.T, said string) {
		for name, read := range map[string]func() (Verdict, error){
			"ring":     func() (Verdict, error) { return ringVerdict(said, 3) },
			"index":    func() (Verdict, error) { return indexVerdict([]byte(said), 3) },
			"members":  func() (Verdict, error) { return membersVerdict([]byte(said), 3) },
			"replicas": func() (Verdict, error) { _, err := parseReplication(said); return Verdict{}, err },
			"pods": func() (Verdict, error) {
				var l podList
				err := json.Unmarshal([]byte(said), &l)
				return l.verdict(), err
			},
			"nodes": func() (Verdict, error) {
				var l nodeList
				err := json.Unmarshal([]byte(said), &l)
				return l.verdict(3), err
			},
		} {
			if verdict, err := read(); err == nil && verdict.Well && verdict.Text == "" {
				t.Errorf("%s: well without a word", name)
			}
		}
	})
}
