package provision

import (
	"net/netip"
	"testing"

	"wiabctl/provision/change"
)

func TestForeignNames(t *testing.T) {
	ours := map[string]netip.Addr{"kubenode1": netip.MustParseAddr("192.168.122.21"), "datanode1": netip.MustParseAddr("192.168.122.31")}
	for _, test := range []struct {
		name, content string
		says          []string
	}{
		{"nothing of ours", "127.0.0.1 localhost\n::1 localhost\n", nil},
		{"parts of names", "10.9.9.9 kubenode1.foreign.example foreign-kubenode1 datanode10\n", nil},
		{"in a comment", "# 10.9.9.9 kubenode1\n10.9.9.9 other # kubenode1\n", nil},
		{"the same address", "192.168.122.21 kubenode1\n", nil},
		{"in our block", blockBegin + "\n10.0.0.1 kubenode1\n" + blockEnd + "\n", nil},
		{"another address", "127.0.0.1 localhost\n10.9.9.9\tother kubenode1\n", []string{"hosts:2 gives kubenode1 the address 10.9.9.9; here it is 192.168.122.21"}},
		{"behind our block, in capitals", blockBegin + "\n" + blockEnd + "\n::1 KubeNode1 datanode1",
			[]string{"hosts:3 gives kubenode1 the address ::1; here it is 192.168.122.21", "hosts:3 gives datanode1 the address ::1; here it is 192.168.122.31"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			warnings, err := change.Warnings(foreignNames("hosts", test.content, ours))
			if err != nil || len(warnings) != len(test.says) {
				t.Fatalf("warnings %v, error %v", warnings, err)
			}
			for i, w := range warnings {
				if w.Cause != test.says[i] || w.ID != HostsClash.ID {
					t.Errorf("[%s] %s", w.ID, w.Cause)
				}
			}
		})
	}
}
