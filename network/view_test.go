package network

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// What is shown is what the kernel has: a rule that is gone is said to be, a
// kubenode that the watcher keeps out gets nothing.
func TestView(t *testing.T) {
	clear(t)
	f := usual()
	rules, err := f.ruleset()
	if err != nil {
		t.Fatal(err)
	}
	load(t, rules)
	run(t, "nft", "flush chain ip wiabctl spread; add rule ip wiabctl spread numgen random mod 2 0 goto kubenode1 comment \"to kubenode1\"; add rule ip wiabctl spread goto kubenode3 comment \"to kubenode3\"")
	run(t, "nft", "flush chain ip wiabctl kubenode3; add rule ip wiabctl kubenode3 tcp dport 443 counter packets 7 bytes 420 dnat to 192.168.122.23:31773 comment \"https to kubenode3\"")
	v, err := f.View()
	if err != nil {
		t.Fatal(err)
	}
	var ends []string
	for _, way := range v.Ways {
		for _, end := range way.To {
			loaded := map[bool]string{true: "loaded", false: "missing"}[end.Loaded]
			ends = append(ends, strings.Join([]string{way.Port, strings.Join(way.From, "+"), end.Name, end.Address, end.Share, loaded}, " "))
		}
	}
	want := []string{
		"80/tcp wan0+the VMs+the host kubenode1 192.168.122.21:31772 1 of 2 loaded",
		"80/tcp wan0+the VMs+the host kubenode2 192.168.122.22:31772 kept out, it does not answer loaded",
		"80/tcp wan0+the VMs+the host kubenode3 192.168.122.23:31772 1 of 2 missing",
		"443/tcp wan0+the VMs+the host kubenode1 192.168.122.21:31773 1 of 2 loaded",
		"443/tcp wan0+the VMs+the host kubenode2 192.168.122.22:31773 kept out, it does not answer loaded",
		"443/tcp wan0+the VMs+the host kubenode3 192.168.122.23:31773 1 of 2 loaded",
		"3478/tcp wan0+the VMs kubenode3 192.168.122.23:3478 all loaded",
		"3478/udp wan0+the VMs kubenode3 192.168.122.23:3478 all loaded",
		"32768-65535/udp wan0+the VMs kubenode3 192.168.122.23:32768-65535 all loaded",
	}
	if !slices.Equal(ends, want) {
		t.Errorf("ways:\n%s\nwant:\n%s", strings.Join(ends, "\n"), strings.Join(want, "\n"))
	}
	if end := v.Ways[1].To[2]; end.Packets != 7 || end.Bytes != 420 {
		t.Errorf("counted %+v, want 7 packets of 420 bytes", end)
	}
	f.Spec.HTTPS, f.Proxies = HTTPSProxies, []netip.Addr{netip.MustParseAddr("198.51.100.20")}
	if v, err := f.View(); err != nil || v.Ways[0].From[0] != "wan0" || v.Ways[1].From[0] != "the proxy 198.51.100.20" {
		t.Errorf("behind proxies: %+v, %v", v.Ways, err)
	}
	if !v.Hairpin.Loaded || v.Hairpin.Mode != HairpinAlways || len(v.Rules) != 7 {
		t.Errorf("hairpin %+v, rules %+v", v.Hairpin, v.Rules)
	}
}
