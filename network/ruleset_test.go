package network

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
)

// wanted are the rules of the usual modes.
func wanted(calling bool) ruleset {
	w := usualWays()
	if calling {
		w.calling = w.kubenodes[2].Address
	}
	return w.ruleset()
}

func usualWays() ways {
	return ways{
		Uplink:    Uplink{WAN: Links{"wan0"}, Public: netip.MustParseAddr("203.0.113.10")},
		bridge:    "virbr0",
		subnet:    netip.MustParsePrefix("192.168.122.0/24"),
		kubenodes: usual().Kubenodes,
		media:     PortRange{First: 32768, Last: 65535},
		hairpin:   true,
		egress:    EgressACME,
	}
}

func dial(t *testing.T) *nftables.Conn {
	t.Helper()
	conn, err := nftables.New()
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func load(t *testing.T, rules ruleset) {
	t.Helper()
	if err := waysTable().replace(dial(t), rules); err != nil {
		t.Fatal(err)
	}
}

// differs is how the kernel's table differs from the wanted one.
func differs(t *testing.T, want ruleset) string {
	t.Helper()
	return differsAt(t, waysTable(), want)
}

func differsAt(t *testing.T, at table, want ruleset) string {
	t.Helper()
	is, err := at.kernel()
	if err != nil {
		t.Fatal(err)
	}
	return is.differs(want)
}

// What we write, what the kernel has and what nft sees there are the same three
// times, and stay so when nft loads it.
func TestRulesetIsOneThing(t *testing.T) {
	modes := map[string]func(*ways){
		"web.nft":     func(*ways) {},
		"calling.nft": func(w *ways) { w.calling = w.kubenodes[2].Address },
		"closed.nft":  func(w *ways) { w.hairpin, w.egress = false, EgressNone },
		"full.nft":    func(w *ways) { w.egress = EgressFull },
		"proxies.nft": func(w *ways) {
			w.proxies = []netip.Addr{netip.MustParseAddr("198.51.100.20"), netip.MustParseAddr("198.51.100.21")}
		},
		"behind.nft": func(w *ways) {
			w.calling, w.behind, w.egress = w.kubenodes[2].Address, true, EgressNone
			w.proxies = []netip.Addr{netip.MustParseAddr("198.51.100.20"), netip.MustParseAddr("198.51.100.21")}
		},
		"two-wans.nft": func(w *ways) {
			w.WAN, w.calling, w.media = Links{"wan0", "wan1.7"}, w.kubenodes[0].Address, PortRange{40000, 50000}
		},
	}
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			clear(t)
			w := usualWays()
			mode(&w)
			rules := w.ruleset()
			golden(t, name, waysTable().file(rules))
			load(t, rules)
			if got := run(t, "nft", "-s", "list", "table", "ip", tableName); got != waysTable().text(rules) {
				t.Errorf("nft lists\n%s\nwant\n%s", got, waysTable().text(rules))
			}
			if why := differs(t, rules); why != "" {
				t.Errorf("the rules just loaded differ: %s", why)
			}
			file := filepath.Join(t.TempDir(), "rules.nft")
			if err := os.WriteFile(file, []byte(waysTable().file(rules)), 0o600); err != nil {
				t.Fatal(err)
			}
			run(t, "nft", "delete", "table", "ip", tableName)
			run(t, "nft", "-f", file)
			if why := differs(t, rules); why != "" {
				t.Errorf("the rules that nft loaded at boot differ: %s", why)
			}
		})
	}
}

// nft compares whole bytes of an address where it can, and so must we.
func TestSubnetsOfAnyLength(t *testing.T) {
	for _, subnet := range []string{"10.1.0.0/16", "10.1.16.0/20", "10.1.2.0/23", "10.1.2.0/24"} {
		t.Run(subnet, func(t *testing.T) {
			clear(t)
			rules := ruleset{{name: "c", rules: []rule{{[]clause{from(netip.MustParsePrefix(subnet)), counted()}, "subnet"}}}}
			file := filepath.Join(t.TempDir(), "rules.nft")
			if err := os.WriteFile(file, []byte(waysTable().file(rules)), 0o600); err != nil {
				t.Fatal(err)
			}
			run(t, "nft", "-f", file)
			if why := differs(t, rules); why != "" {
				t.Errorf("the rules that nft loaded differ: %s", why)
			}
			load(t, rules)
			if got := run(t, "nft", "-s", "list", "table", "ip", tableName); got != waysTable().text(rules) {
				t.Errorf("nft lists\n%s\nwant\n%s", got, waysTable().text(rules))
			}
		})
	}
}

func TestRulesetDriftIsSeenAndMended(t *testing.T) {
	for _, tc := range []struct {
		name  string
		drift string // nft commands
		want  string
		diff  string // the first line
	}{
		{"gone", "delete table ip wiabctl", "the table does not exist", ``},
		{"flushed by somebody", "flush ruleset", "the table does not exist", ``},
		{"rules flushed", "flush table ip wiabctl", "chain web has 0 rules, wanted 2", `+ web: tcp dport 80 goto spread comment "http"`},
		{"a rule more", `add rule ip wiabctl postrouting masquerade`, "chain postrouting has 6 rules, wanted 5", `- postrouting: ""`},
		{"another target", `flush chain ip wiabctl kubenode1; add rule ip wiabctl kubenode1 tcp dport 80 counter dnat to 192.168.122.21:31772 comment "http to kubenode1"; ` +
			`add rule ip wiabctl kubenode1 tcp dport 443 counter dnat to 192.168.122.22:31773 comment "https to kubenode1"`,
			`rule 2 of chain kubenode1 is not`, `~ kubenode1: tcp dport 443 counter dnat to 192.168.122.21:31773 comment "https to kubenode1"`},
		{"another comment", `flush chain ip wiabctl kubenode1; add rule ip wiabctl kubenode1 tcp dport 80 counter dnat to 192.168.122.21:31772 comment "mine"; ` +
			`add rule ip wiabctl kubenode1 tcp dport 443 counter dnat to 192.168.122.21:31773 comment "https to kubenode1"`,
			`rule 1 of chain kubenode1 is not`, `+ kubenode1: tcp dport 80 counter dnat to 192.168.122.21:31772 comment "http to kubenode1"`},
		{"another verdict", `flush chain ip wiabctl output; add rule ip wiabctl output ip daddr 203.0.113.10 counter accept comment "web from the host itself"`,
			`rule 1 of chain output is not`, `~ output: ip daddr 203.0.113.10 counter jump web comment "web from the host itself"`},
		{"another interface", `flush chain ip wiabctl output; add rule ip wiabctl output ip daddr 203.0.113.11 counter jump web comment "web from the host itself"`,
			`rule 1 of chain output is not`, `~ output: ip daddr 203.0.113.10 counter jump web comment "web from the host itself"`},
		{"a spread by others", `add rule ip wiabctl spread goto kubenode1`, "chain spread has 4 rules, wanted 3", `- spread: ""`},
		{"an empty spread", `flush chain ip wiabctl spread`, "chain spread has 0 rules, wanted 3", `+ spread: `},
		{"an uneven spread", `flush chain ip wiabctl spread; add rule ip wiabctl spread numgen random mod 3 0 goto kubenode1 comment "to kubenode1"; ` +
			`add rule ip wiabctl spread goto kubenode2 comment "to kubenode2"`, "chain spread has 2 rules, wanted 3", `~ spread: `},
		{"a chain more", "add chain ip wiabctl extra", "it has 11 chains, wanted 10", `- extra: the chain with 0 rules`},
		{"another priority", `delete chain ip wiabctl output; add chain ip wiabctl output { type nat hook output priority -90; }`, "chain output is called from elsewhere", `+ output: `},
		{"another policy", `delete chain ip wiabctl output; add chain ip wiabctl output { type nat hook output priority -100; policy drop; }`, "chain output is called from elsewhere", `+ output: `},
	} {
		t.Run(tc.name, func(t *testing.T) {
			clear(t)
			load(t, wanted(true))
			run(t, "nft", tc.drift)
			if got := differs(t, wanted(true)); !strings.HasPrefix(got, tc.want) {
				t.Errorf("drift seen as %q, want %q…", got, tc.want)
			}
			is, err := waysTable().kernel()
			if err != nil {
				t.Fatal(err)
			}
			if lines := append(is.diff(wanted(true)), ""); !strings.HasPrefix(lines[0], tc.diff) || (tc.diff == "") != (lines[0] == "") {
				t.Errorf("the difference begins with %q, want %q…", lines[0], tc.diff)
			}
			load(t, wanted(true))
			if why := differs(t, wanted(true)); why != "" {
				t.Errorf("not mended: %s", why)
			}
			if is, err = waysTable().kernel(); err != nil || len(is.diff(wanted(true))) > 0 {
				t.Errorf("mended, and still different: %v, %v", is.diff(wanted(true)), err)
			}
		})
	}
}

func TestRulesetReplacementKeepsCountersAndStrangers(t *testing.T) {
	clear(t)
	stranger := "table ip stranger {\n\tchain c {\n\t\tip daddr 192.0.2.1 counter packets 5 bytes 6 accept\n\t}\n}\n"
	file := filepath.Join(t.TempDir(), "stranger.nft")
	if err := os.WriteFile(file, []byte(stranger), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "nft", "-f", file)
	counted := wanted(true)
	for _, c := range counted {
		for _, r := range c.rules {
			for _, clause := range r.clauses {
				if counter, ok := clause.exprs[0].(*expr.Counter); ok && r.comment == "hairpin" {
					*counter = expr.Counter{Packets: 7, Bytes: 700}
				}
			}
		}
	}
	conn := dial(t)
	table := conn.AddTable(waysTable().handle())
	for _, c := range counted {
		conn.AddChain(c.handle(table))
	}
	for _, c := range counted {
		for _, r := range c.rules {
			count := expr.Counter{}
			if r.comment == "hairpin" {
				count = expr.Counter{Packets: 7, Bytes: 700}
			}
			conn.AddRule(&nftables.Rule{Table: table, Chain: c.handle(table), Exprs: r.exprs(count), UserData: append([]byte{0, byte(len(r.comment) + 1)}, r.comment+"\x00"...)})
		}
	}
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	load(t, wanted(false))
	if got := run(t, "nft", "list", "chain", "ip", tableName, "postrouting"); !strings.Contains(got, "counter packets 7 bytes 700 masquerade") {
		t.Errorf("the counter was lost:\n%s", got)
	}
	if got := run(t, "nft", "list", "chains", "ip"); strings.Contains(got, "calling") {
		t.Errorf("the chain that is not wanted any more is left:\n%s", got)
	}
	if got := run(t, "nft", "list", "table", "ip", "stranger"); got != stranger {
		t.Errorf("a stranger's table became\n%s", got)
	}
}

// A rule that the kernel refuses leaves the table that was there.
func TestRulesetIsAllOrNothing(t *testing.T) {
	clear(t)
	load(t, wanted(true))
	broken := wanted(false)
	broken[0].rules = append(broken[0].rules, rule{[]clause{jump("nowhere")}, "broken"})
	if err := waysTable().replace(dial(t), broken); err == nil {
		t.Fatal("a jump to no chain was accepted")
	}
	if why := differs(t, wanted(true)); why != "" {
		t.Errorf("the table before is damaged: %s", why)
	}
}
