package cmd

import (
	"bytes"
	"net/netip"
	"testing"

	"wiabctl/provision"
)

// twoVMs are one that is well and one that is not.
func twoVMs() []provision.VM {
	well := provision.VM{Name: "kubenode1", Role: "kubenode", Address: netip.MustParseAddr("192.168.122.21"), State: "running", Ready: true}
	well.CPUs, well.Memory, well.Disk = 5, 9<<30, 150<<30
	ill := provision.VM{Name: "datanode1", Role: "datanode", Address: netip.MustParseAddr("192.168.122.31"), State: "paused", Why: "it is paused"}
	ill.CPUs, ill.Memory, ill.Disk = 1, 384<<20, 4<<30
	return []provision.VM{well, ill}
}

func TestRenderVMs(t *testing.T) {
	var out bytes.Buffer
	if err := renderVMs(&out, twoVMs()); err != nil {
		t.Fatal(err)
	}
	want := `NAME       ROLE      ADDRESS         STATE    VCPU  MEMORY  DISK    READY
kubenode1  kubenode  192.168.122.21  running  5     9GiB    150GiB  yes
datanode1  datanode  192.168.122.31  paused   1     384MiB  4GiB    no: it is paused
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestRenderVMsJSON(t *testing.T) {
	var out bytes.Buffer
	if err := renderVMsJSON(&out, twoVMs()); err != nil {
		t.Fatal(err)
	}
	want := `{"name":"kubenode1","role":"kubenode","address":"192.168.122.21","state":"running","vcpu":5,"memory_bytes":9663676416,"disk_bytes":161061273600,"ready":true}
{"name":"datanode1","role":"datanode","address":"192.168.122.31","state":"paused","vcpu":1,"memory_bytes":402653184,"disk_bytes":4294967296,"ready":false,"why":"it is paused"}
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
