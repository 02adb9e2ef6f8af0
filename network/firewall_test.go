package network

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// What we write, what the kernel has and what nft sees there are the same.
func TestFirewallIsOneThing(t *testing.T) {
	clear(t)
	var f Firewall
	if err := yaml.Unmarshal([]byte("allow: [9100/tcp, 60000-60010/udp, 161/udp from 10.0.0.0/8, 9200/tcp from 192.0.2.7, '9300/tcp from 2001:db8::/33']"), &f); err != nil {
		t.Fatal(err)
	}
	rules := f.guard([]string{"wan0", "wan1"}, []uint16{22, 2222})
	golden(t, "firewall.nft", guardTable().file(rules))
	if err := guardTable().load(rules); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = guardTable().drop() })
	if got := run(t, "nft", "-s", "list", "table", "inet", "wiabctl_firewall"); got != guardTable().text(rules) {
		t.Errorf("nft lists\n%s\nwant\n%s", got, guardTable().text(rules))
	}
	if why := differsAt(t, guardTable(), rules); why != "" {
		t.Errorf("the rules just loaded differ: %s", why)
	}
	file := filepath.Join(t.TempDir(), "firewall.nft")
	if err := os.WriteFile(file, []byte(guardTable().file(rules)), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "nft", "delete", "table", "inet", "wiabctl_firewall")
	run(t, "nft", "-f", file)
	if why := differsAt(t, guardTable(), rules); why != "" {
		t.Errorf("the rules that nft loaded at boot differ: %s", why)
	}
	run(t, "nft", "add rule inet wiabctl_firewall guard accept")
	if why := differsAt(t, guardTable(), rules); !strings.HasPrefix(why, "chain guard has") {
		t.Errorf("a rule more is seen as %q", why)
	}
}

func TestAllowance(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"a port", "9100/tcp", ""},
		{"a range", "60000-60010/udp", ""},
		{"from a network", "161/udp from 10.0.0.0/8", ""},
		{"from an address", "161/udp from 10.1.2.3", "161/udp from 10.1.2.3/32"},
		{"from an IPv4 address in IPv6's clothes", "161/udp from ::ffff:10.1.2.3", "161/udp from 10.1.2.3/32"},
		{"from an IPv6 network", "9100/tcp from 2001:db8::/32", ""},
		{"no protocol", "9100", "error"},
		{"another protocol", "9100/sctp", "error"},
		{"port 0", "0/tcp", "error"},
		{"too high", "65536/tcp", "error"},
		{"backwards", "200-100/tcp", "error"},
		{"bits beyond the prefix", "1/tcp from 10.0.0.1/8", "error"},
		{"from everybody", "1/tcp from 0.0.0.0/0", "error"},
		{"more rules in it", "1/tcp from 10.0.0.0/8 accept", "error"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var a Allowance
			err := a.UnmarshalText([]byte(tc.text))
			if (err != nil) != (tc.want == "error") {
				t.Fatalf("error %v", err)
			}
			if want := cmp.Or(tc.want, tc.text); err == nil && a.String() != want {
				t.Errorf("read as %q, want %q", a, want)
			}
		})
	}
}

func TestConfiguredPorts(t *testing.T) {
	said := "port 22\naddressfamily any\nlistenaddress [::]:22\nlistenaddress 0.0.0.0:22\nlistenaddress 10.0.0.1:2222\nlistenaddress 127.0.0.1:23\nusepam yes\n"
	if got := configured(said); !slices.Equal(got, []uint16{22, 2222}) {
		t.Errorf("ports %v, want 22 and 2222", got)
	}
}

// Only who has logged in proves something: anybody can knock.
func TestLoggedIn(t *testing.T) {
	for title, want := range map[string]bool{
		"sshd: root@pts/0":                   true,
		"sshd: demo@notty":                   true,
		"sshd-session: root@notty":           true,
		"sshd: demo@example.com@pts/0":       true,
		"sshd: demo [priv]":                  false,
		"sshd: demo@example.com [priv]":      false,
		"sshd: unknown [net]":                false,
		"sshd: [accepted]":                   false,
		"sshd: /usr/sbin/sshd -D [listener]": false,
		"/usr/bin/ssh demo@example.com":      false,
	} {
		t.Run(title, func(t *testing.T) {
			process := t.TempDir()
			if err := os.WriteFile(filepath.Join(process, "cmdline"), []byte(title+"\x00"), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := loggedIn(process); got != want {
				t.Errorf("a login: %t, want %t", got, want)
			}
		})
	}
}
