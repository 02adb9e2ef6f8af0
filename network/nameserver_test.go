package network

import (
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"wiabctl/provision/change"
)

// serve starts a real dnsmasq, as an administrator does, and waits until it answers.
func serve(t *testing.T, args ...string) {
	t.Helper()
	args = append([]string{"--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--pid-file", "--user="}, args...)
	cmd := exec.Command("/usr/sbin/dnsmasq", args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	end := time.After(5 * time.Second)
	for tick := time.Tick(20 * time.Millisecond); ; {
		if servers, err := nameServers(); err != nil {
			t.Fatal(err)
		} else if len(servers) > 1 { // UDP and TCP
			return
		}
		select {
		case <-tick:
		case <-end:
			t.Fatalf("dnsmasq %v does not listen", args)
		}
	}
}

func TestNameServerInTheWay(t *testing.T) {
	for _, tc := range []struct {
		name string
		args []string
		says string // empty: it is in nobody's way
	}{
		{"on every address", nil, "dnsmasq (pid "},
		{"made to leave the bridge alone", []string{"--bind-interfaces", "--except-interface=virbr0"}, ""},
		{"on loopback only", []string{"--bind-interfaces", "--interface=lo"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			clear(t)
			serve(t, tc.args...)
			err := usual().answered()
			if kindOf(err, NameServerClash.ID) != (tc.says != "") || !strings.Contains(errText(err), tc.says) {
				t.Errorf("found %v, want %q", err, tc.says)
			}
		})
	}
}

// libvirt's own dnsmasq is where it belongs. What came beside it is no obstacle now.
func TestNameServerBesideLibvirts(t *testing.T) {
	needRoot(t)
	clear(t)
	defer clear(t)
	f := usual()
	settled(t, f)
	if err := f.answered(); err != nil {
		t.Errorf("libvirt's own name server is in the way: %v", err)
	}
	other, err := net.Listen("tcp6", "[::]:53")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	warnings, refused := change.Warnings(f.answered())
	if len(warnings) != 1 || refused != nil || !strings.Contains(warnings[0].Cause, "(pid ") || !strings.Contains(warnings[0].Cause, "[::]:53") {
		t.Errorf("warnings %v, and %v", warnings, refused)
	}
}
