package network

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"wiabctl/provision/change"
)

// TestKernel asks the real kernel, which the other tests prove to have both.
func TestKernel(t *testing.T) {
	if err := usual().CheckKernel(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestFeatureJudge(t *testing.T) {
	part := feature{module: "bridge"}
	if err := part.judge(nil); err != nil {
		t.Errorf("it answers: %v", err)
	}
	missing := change.Failures(part.judge(fmt.Errorf("asked: %w", unix.ENOPKG)))
	if len(missing) != 1 || missing[0].ID != KernelMissing.ID || missing[0].Remedy != "modprobe bridge" {
		t.Errorf("it is missing: %v", missing)
	}
	if warnings, rest := change.Warnings(part.judge(unix.EPERM)); len(warnings) != 1 || rest != nil {
		t.Errorf("it may not be asked: %v, %v", warnings, rest)
	}
}

// TestTranslated looks from a host whose interface wan0 has 203.0.113.10.
func TestTranslated(t *testing.T) {
	for _, tc := range []struct {
		name, public string
		severity     change.Severity // empty: nothing is found
		says         string
	}{
		{"the interface's own", "", "", ""},
		{"of this host", "203.0.113.10", "", ""},
		{"of a router", "198.51.100.7", change.Noted, "a router has to map it to wan0"},
		{"private", "10.1.2.3", change.Serious, "the public address is 10.1.2.3 (wan0)"},
		{"of a provider's NAT", "100.64.0.9", change.Serious, "the internet does not know"},
		{"just beside it", "100.128.0.9", change.Noted, "map it to wan0"},
		{"link-local", "169.254.1.1", change.Serious, "the internet does not know"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			spec := usual().Spec
			if tc.public != "" {
				spec.PublicAddress = netip.MustParseAddr(tc.public)
			}
			err := spec.translated()
			if tc.severity == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || change.SeverityOf(err) != tc.severity || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("found %v", err)
			}
		})
	}
}
