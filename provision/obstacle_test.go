package provision

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"wiabctl/network"
	"wiabctl/provision/change"
)

func TestJudge(t *testing.T) {
	for _, tc := range []struct {
		name, place, at string
		egress          network.Egress
		hairpin         bool
		kind            change.Kind
		says            string
	}{
		{"the hairpin is closed", "teams.red.example.com:80", "203.0.113.10:80", network.EgressACME, false, network.HairpinClosed, "network.hairpin: never"},
		{"the hairpin is open", "teams.red.example.com:80", "203.0.113.10:80", network.EgressACME, true, network.Broken, "though the hairpin is open: silence"},
		{"the name leads elsewhere", "teams.red.example.com:80", "198.51.100.9:80", network.EgressACME, true, network.NameLost, "teams.red.example.com:80 is 198.51.100.9 as kubenode1 sees it, not 203.0.113.10"},
		{"no way out", "acme-v02.api.letsencrypt.org:443", "172.65.32.248:443", network.EgressNone, true, network.EgressClosed, "does not reach acme-v02.api.letsencrypt.org:443: network.egress is none"},
		{"a way out that leads nowhere", "acme-v02.api.letsencrypt.org:443", "172.65.32.248:443", network.EgressACME, true, network.Broken, "though network.egress is acme: silence"},
		{"the proxy does not answer", "teams.red.example.com:80", "198.51.100.20:80", network.EgressACME, true, network.Broken, "kubenode1 does not reach the proxy 198.51.100.20:80, which teams.red.example.com:80 leads to"},
		{"the proxy, and no way out", "teams.red.example.com:80", "198.51.100.20:80", network.EgressNone, true, network.EgressClosed, "network.egress is none"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := sight{node: "kubenode1", proxies: []netip.Addr{netip.MustParseAddr("198.51.100.20")}, public: netip.MustParseAddr("203.0.113.10"), egress: tc.egress,
				hairpin: network.HairpinView{Mode: network.HairpinNever, Count: network.Count{Loaded: tc.hairpin}}}
			err := s.judge(sighting{tc.place, netip.MustParseAddrPort(tc.at)}, errors.New("silence"))
			if !errors.Is(err, tc.kind.Failf("")) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%v, want %s with %q", err, tc.kind.ID, tc.says)
			}
		})
	}
}
