package cmd

import (
	"bytes"
	"encoding/json"
	"testing"

	"wiabctl/provision"
)

func TestRenderNetwork(t *testing.T) {
	const told = `{"wan": ["eth0", "eth1"], "public_address": "203.0.113.10", "bridge": "virbr0", "subnet": "192.168.122.0/24",
"ways": [{"port": "443/tcp", "from": ["eth0", "the VMs"], "to": [
  {"name": "kubenode1", "address": "192.168.122.21:31773", "share": "1 of 2", "loaded": true, "packets": 1},
  {"name": "kubenode2", "address": "192.168.122.22:31773", "share": "1 of 2", "loaded": false}]}],
"hairpin": {"mode": "always", "rule": "hairpin", "loaded": true, "packets": 12}, "egress": "acme",
"rules": [{"rule": "way in from eth0", "loaded": true, "packets": 34}], "changes": ["update x: y"]}`
	var view provision.NetworkView
	if err := json.Unmarshal([]byte(told), &view); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := renderNetwork(&out, view); err != nil {
		t.Fatal(err)
	}
	want := `internet  203.0.113.10 on eth0, eth1
VMs       192.168.122.0/24 on virbr0
443/tcp   from eth0, the VMs -> kubenode1 192.168.122.21:31773 (1 of 2, 1 connection), kubenode2 192.168.122.22:31773 (1 of 2, not in force)
hairpin   always: 12 connections
egress    acme
          way in from eth0: 34 packets
state     update x: y
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestRenderProbes(t *testing.T) {
	probes := []provision.Probe{
		{From: "the host", To: "203.0.113.10:443", Times: 1, Took: 1500000},
		{From: "kubenode1", To: "203.0.113.10:443", Times: 12, Skipped: "the hairpin is not open"},
		{From: "ops@example.org", To: "203.0.113.10:80", Times: 1, Problem: "connection refused"},
	}
	var out bytes.Buffer
	if err := (&options{output: "plain"}).renderProbes(&out, probes); err != nil {
		t.Fatal(err)
	}
	want := `the host         203.0.113.10:443  ok       2ms
kubenode1        203.0.113.10:443  skipped  the hairpin is not open
ops@example.org  203.0.113.10:80   broken   connection refused
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	out.Reset()
	if err := (&options{output: "json"}).renderProbes(&out, probes[2:]); err != nil || out.String() != `{"from":"ops@example.org","to":"203.0.113.10:80","times":1,"problem":"connection refused","took_ns":0}`+"\n" {
		t.Errorf("%v: %s", err, out.String())
	}
}
