package provision

import (
	"os"
	"strings"
	"testing"
)

func TestCapabilitiesLacking(t *testing.T) {
	for _, tc := range []struct{ name, status, want string }{
		{"all", "Name:\tx\nCapPrm:\t0000000000000000\nCapEff:\t000001ffffffffff\n", ""},
		{"docker's usual", "CapEff:\t00000000a80425fb\n", "CAP_NET_ADMIN CAP_SYS_ADMIN CAP_SYS_PTRACE"},
		{"none", "CapEff:\t0000000000000000\n", "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_KILL CAP_SETGID CAP_SETUID CAP_NET_ADMIN CAP_NET_RAW CAP_SYS_ADMIN CAP_SYS_PTRACE"},
	} {
		if got, err := capabilitiesLacking(tc.status); err != nil || strings.Join(got, " ") != tc.want {
			t.Errorf("%s: %v, %v; want %q", tc.name, got, err, tc.want)
		}
	}
	for _, status := range []string{"", "CapPrm:\t00\n", "CapEff:\tnone\n"} {
		if got, err := capabilitiesLacking(status); err == nil {
			t.Errorf("%q lacks %v, want an error", status, got)
		}
	}
	own, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := capabilitiesLacking(string(own)); err != nil {
		t.Errorf("this process: %v", err)
	}
}
