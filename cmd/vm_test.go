package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"wiabctl/provision"
)

func TestConclude(t *testing.T) {
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	failed := provision.BadUsage.Failf("what?")
	for _, tc := range []struct {
		name string
		ctx  context.Context
		err  error
		code int
		says string
	}{
		{"success", t.Context(), nil, 0, ""},
		{"a program on a VM", t.Context(), &exitStatus{42}, 42, ""},
		{"a known failure", t.Context(), fmt.Errorf("vms: %w", failed), 14, "error: vms: what?"},
		{"another", t.Context(), errors.New("odd"), 1, "error: odd"},
		{"a signal", stopped, errors.New("odd"), 15, "error: stopped by a signal"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out bytes.Buffer
			if code := conclude(tc.ctx, tc.err, defaultConfig, &out); code != tc.code || !strings.HasPrefix(out.String(), tc.says) || tc.says == "" && out.Len() > 0 {
				t.Errorf("exit code %d, want %d; said %q", code, tc.code, out.String())
			}
		})
	}
}

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
