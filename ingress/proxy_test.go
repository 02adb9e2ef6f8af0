package ingress

import (
	"net/netip"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const proxied = `domain: green.example.org
email: ops@example.org
proxy: {address: 198.51.100.10}
domains:
  - domain: red.example.com
    proxy: {address: 198.51.100.20, ssh: {host: red-vps.example.net, port: 2222, user: ops, key: /root/vps}}
  - domain: blue.example.net
`

func parseSpec(t *testing.T, text string) Spec {
	t.Helper()
	var s Spec
	if err := yaml.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	s.Defaults()
	return s
}

func TestProxyDefaults(t *testing.T) {
	s := parseSpec(t, proxied)
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	if want := (ProxySSH{Host: "198.51.100.10", Port: 22, User: "root"}); s.Proxy.SSH != want {
		t.Errorf("defaults are %+v, want %+v", s.Proxy.SSH, want)
	}
	if want := (ProxySSH{Host: "red-vps.example.net", Port: 2222, User: "ops", Key: "/root/vps"}); s.Domains[0].Proxy.SSH != want {
		t.Errorf("what was given became %+v", s.Domains[0].Proxy.SSH)
	}
	proxies, open := s.Proxies()
	if len(proxies) != 2 || proxies[0] != s.Proxy.Address || len(open) != 1 || open[0] != "blue.example.net" {
		t.Errorf("proxies %v, without one %v", proxies, open)
	}
	for domain, want := range map[string]struct {
		proxy *Proxy
		known bool
	}{"green.example.org": {s.Proxy, true}, "red.example.com": {s.Domains[0].Proxy, true}, "blue.example.net": {nil, true}, "example.com": {nil, false}} {
		if proxy, known := s.ProxyOf(domain); proxy != want.proxy || known != want.known {
			t.Errorf("%s: %v, %v", domain, proxy, known)
		}
	}
}

func TestProxyRefuses(t *testing.T) {
	for _, tc := range []struct{ name, from, to, want string }{
		{"no address", "{address: 198.51.100.10}", "{}", "proxy.address: is missing"},
		{"IPv6", "198.51.100.10", "'2001:db8::1'", "proxy.address: 2001:db8::1 is not an IPv4 address"},
		{"loopback", "198.51.100.20", "127.0.0.1", "domains[0].proxy.address: 127.0.0.1 cannot be reached by clients"},
		{"one machine for two domains", "198.51.100.20", "198.51.100.10", "domains[0].proxy.address: 198.51.100.10 is also that of proxy: "},
		{"a host for a shell", "red-vps.example.net", "'a;b'", `domains[0].proxy.ssh.host: "a;b" is neither`},
		{"a host of dots", "red-vps.example.net", "a..b", `domains[0].proxy.ssh.host: "a..b" is neither`},
		{"an option for a host", "red-vps.example.net", "-oProxyCommand", `domains[0].proxy.ssh.host: `},
		{"a user for a shell", "user: ops", "user: 'a b'", `domains[0].proxy.ssh.user: "a b" is not a user's name`},
		{"no host key", "key: /root/vps", "host_key: SHA256:abc", "domains[0].proxy.ssh.host_key: is not a public key"},
		{"a certificate of staging", "- domain: red.example.com", "- certificate: {staging: true}\n    domain: red.example.com", "domains[0].proxy: cannot be: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := parseSpec(t, strings.Replace(proxied, tc.from, tc.to, 1))
			err := s.Validate()
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("%v, want %s", err, tc.want)
			}
		})
	}
}

func TestControllerOverlay(t *testing.T) {
	if got := ControllerOverlay(Set{}); got != nil {
		t.Errorf("without a proxy: %v", got)
	}
	golden(t, "controller.golden.yaml", ControllerOverlay(Set{Proxies: []netip.Addr{netip.MustParseAddr("198.51.100.10"), netip.MustParseAddr("198.51.100.20")}}))
}
