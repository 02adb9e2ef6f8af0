package network

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/google/nftables"
)

// tableName is the table that is ours, in the family ip.
const tableName = "wiabctl"

// The NodePorts of Wire's ingress (wire-server-deploy's ingress-nginx-controller values).
const (
	nodeHTTP  = 31772
	nodeHTTPS = 31773
)

// stun is coturn's port, TCP and UDP.
const stun = 3478

// rule is one line of a chain; comment is unique within the chain.
type rule struct {
	clauses []clause
	comment string
}

// chain is a list of rules; one without a hook is only jumped to.
type chain struct {
	name  string
	hook  *hook
	rules []rule
}

// ruleset is our table.
type ruleset []chain

// ways says what the table has to bring where.
type ways struct {
	Uplink
	bridge    string
	kubenodes []netip.Addr
	calling   netip.Addr // zero: no calls
	media     PortRange
}

// ruleset are the rules for the ways: from the internet and from the VMs
// themselves to any address of this host, and from the host to its public one.
// A VM that reaches another through the public address (hairpin) is masqueraded,
// or the answer would not come back the same way.
func (w ways) ruleset() ruleset {
	set := ruleset{w.web()}
	targets := []string{"web"}
	if w.calling.IsValid() {
		set = append(set, w.calls())
		targets = append(targets, "calling")
	}
	prerouting := chain{name: "prerouting", hook: &hook{"nat hook prerouting priority dstnat", nftables.ChainHookPrerouting, nftables.ChainPriorityNATDest}}
	for _, from := range []struct{ link, who string }{{w.WAN, "internet"}, {w.bridge, "VMs"}} {
		for _, target := range targets {
			prerouting.rules = append(prerouting.rules, rule{
				[]clause{iifname(from.link), toHost(), counted(), jump(target)},
				fmt.Sprintf("%s from the %s", target, from.who),
			})
		}
	}
	// dstnat is not a name that nft 1.0.6 takes in this hook.
	output := chain{name: "output", hook: &hook{"nat hook output priority -100", nftables.ChainHookOutput, nftables.ChainPriorityNATDest}, rules: []rule{
		{[]clause{to(w.Public), counted(), jump("web")}, "web from the host itself"},
	}}
	postrouting := chain{name: "postrouting", hook: &hook{"nat hook postrouting priority srcnat", nftables.ChainHookPostrouting, nftables.ChainPriorityNATSource}, rules: []rule{
		{[]clause{iifname(w.bridge), oifname(w.bridge), dnatted(), counted(), masquerade()}, "hairpin"},
	}}
	return append(set, prerouting, output, postrouting)
}

// web spreads HTTP and HTTPS over the kubenodes: a cascade of one in three, one
// in two, the rest gives each a third and a counter of its own.
func (w ways) web() chain {
	c := chain{name: "web"}
	for _, service := range []struct {
		name     string
		port, at uint16
	}{{"http", 80, nodeHTTP}, {"https", 443, nodeHTTPS}} {
		for i, node := range w.kubenodes {
			clauses := []clause{tcp().port(service.port)}
			if left := len(w.kubenodes) - i; left > 1 {
				clauses = append(clauses, oneIn(left))
			}
			clauses = append(clauses, counted(), dnatPort(netip.AddrPortFrom(node, service.at)))
			c.rules = append(c.rules, rule{clauses, fmt.Sprintf("%s to %s", service.name, node)})
		}
	}
	return c
}

// calls brings STUN, TURN and media to the calling node.
func (w ways) calls() chain {
	to := func(what clause, comment string) rule {
		return rule{[]clause{what, counted(), dnat(w.calling)}, comment}
	}
	return chain{name: "calling", rules: []rule{
		to(tcp().port(stun), "turn over tcp"),
		to(udp().port(stun), "turn over udp"),
		to(udp().ports(w.media), "media"),
	}}
}

// String is the table as `nft -s list table ip wiabctl` prints it.
func (s ruleset) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "table ip %s {\n", tableName)
	for i, c := range s {
		if i > 0 {
			text.WriteString("\n")
		}
		text.WriteString(c.String())
	}
	text.WriteString("}\n")
	return text.String()
}

func (c chain) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "\tchain %s {\n", c.name)
	if c.hook != nil {
		fmt.Fprintf(&text, "\t\ttype %s; policy accept;\n", c.hook.text)
	}
	for _, r := range c.rules {
		fmt.Fprintf(&text, "\t\t%s\n", r)
	}
	text.WriteString("\t}\n")
	return text.String()
}

func (r rule) String() string {
	var words []string
	for _, c := range r.clauses {
		words = append(words, c.text)
	}
	return fmt.Sprintf("%s comment %q", strings.Join(words, " "), r.comment)
}

// file is what `nft -f` loads to replace the table in one transaction.
func (s ruleset) file() string {
	return fmt.Sprintf("# Written by wiabctl; loaded at boot by %s.\nadd table ip %s\ndelete table ip %s\n%s", bootUnit, tableName, tableName, s)
}
