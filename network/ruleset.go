package network

import (
	"fmt"
	"net/netip"
	"slices"
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
	among []string // if any: a spread over some of these chains is as good as the rules
}

// ruleset are the chains of a table.
type ruleset []chain

// ways says what the table has to bring where.
type ways struct {
	Uplink
	bridge    string
	subnet    netip.Prefix // the VMs'
	kubenodes []Kubenode
	calling   netip.Addr // zero: no calls
	media     PortRange
	hairpin   bool // from the VMs to the VMs
	proxies   []netip.Addr
	behind    bool // HTTPS comes in from the proxies alone
	egress    Egress
}

// ruleset are the rules for the ways: from the internet and from the VMs
// themselves to any address of this host, from the host to its public one, and
// from the VMs to what they may reach of the internet.
func (w ways) ruleset() ruleset {
	set := append(ruleset{w.web(), w.spread()}, w.nodes()...)
	outside, inside := []string{"web"}, []string{"web"}
	if w.behind {
		set = append(set, w.proxied())
		outside = []string{"proxied"}
	}
	if w.calling.IsValid() {
		set = append(set, w.calls())
		outside, inside = append(outside, "calling"), append(inside, "calling")
	}
	// dstnat is not a name that nft 1.0.6 takes in this hook.
	output := chain{name: "output", hook: &hook{"nat hook output priority -100", nftables.ChainTypeNAT, nftables.ChainHookOutput, nftables.ChainPriorityNATDest}, rules: []rule{
		{[]clause{to(w.Public), counted(), jump("web")}, "web from the host itself"},
	}}
	return append(set, w.prerouting(outside, inside), output, w.forward(), w.postrouting())
}

// prerouting sends what is meant for this host on to the targets, which are others for
// the internet than for the VMs. Its public address may be another's, who maps it to this
// host (1:1 NAT): VMs then ask for one that is not local.
func (w ways) prerouting(outside, inside []string) chain {
	c := chain{name: "prerouting", hook: &hook{"nat hook prerouting priority dstnat", nftables.ChainTypeNAT, nftables.ChainHookPrerouting, nftables.ChainPriorityNATDest}}
	from := func(link string, to clause, targets []string, who string) {
		for _, target := range targets {
			c.rules = append(c.rules, rule{[]clause{iifname(link), to, counted(), jump(target)}, target + " " + who})
		}
	}
	for _, wan := range w.WAN {
		from(wan, toHost(), outside, "from "+wan)
	}
	from(w.bridge, toHost(), inside, "from the VMs")
	from(w.bridge, to(w.Public), inside, "from the VMs to the public address")
	return c
}

// forward lets nobody begin a connection but by the ways above and below: neighbours
// could route straight to the VMs' databases, and the VMs to them. Accepting here
// binds no other table, dropping does.
func (w ways) forward() chain {
	c := chain{name: "forward", hook: &hook{"filter hook forward priority filter", nftables.ChainTypeFilter, nftables.ChainHookForward, nftables.ChainPriorityFilter}}
	for _, wan := range w.WAN {
		in, out := []clause{iifname(wan), oifname(w.bridge)}, []clause{iifname(w.bridge), oifname(wan)}
		c.rules = append(c.rules,
			rule{slices.Concat(in, []clause{dnatted(), counted(), accept()}), "way in from " + wan},
			rule{slices.Concat(in, []clause{begins(), counted(), drop()}), "no other way in from " + wan})
		if w.egress == EgressFull {
			continue
		}
		for _, service := range w.services() {
			c.rules = append(c.rules, rule{slices.Concat(out, service.port, []clause{counted(), accept()}), fmt.Sprintf("way out by %s: %s", wan, service.name)})
		}
		c.rules = append(c.rules, rule{slices.Concat(out, []clause{begins(), counted(), drop()}), "no other way out by " + wan})
	}
	return c
}

// postrouting gives connections this host's address where the answer would not
// come back otherwise: a VM that reaches another through the public address
// (hairpin), and the way out.
func (w ways) postrouting() chain {
	c := chain{name: "postrouting", hook: &hook{"nat hook postrouting priority srcnat", nftables.ChainTypeNAT, nftables.ChainHookPostrouting, nftables.ChainPriorityNATSource}}
	if w.hairpin {
		c.rules = append(c.rules, rule{[]clause{iifname(w.bridge), oifname(w.bridge), dnatted(), counted(), masquerade()}, hairpinComment})
	}
	for _, wan := range w.WAN {
		for _, out := range w.services() {
			clauses := []clause{iifname(w.bridge), oifname(wan), from(w.subnet)}
			clauses = append(append(clauses, out.port...), counted(), masquerade())
			c.rules = append(c.rules, rule{clauses, fmt.Sprintf("way out by %s: %s", wan, out.name)})
		}
	}
	return c
}

// hairpinComment marks the rule that makes hairpins work.
const hairpinComment = "hairpin"

// services are those that the VMs may reach: beside what egress says, port 80 of the
// proxies, where cert-manager asks whether the answers to its challenges get through.
func (w ways) services() []service {
	all := w.egress.services()
	if w.egress != EgressACME {
		return all
	}
	for _, proxy := range w.proxies {
		// The port comes first: nft would join the two addresses to one comparison.
		all = append(all, service{"http to the proxy " + proxy.String(), []clause{tcp().port(80), to(proxy)}})
	}
	return all
}

// proxied is what the internet gets of web where HTTPS is for the proxies alone.
func (w ways) proxied() chain {
	c := chain{name: "proxied", rules: []rule{{[]clause{tcp().port(80), goTo(spreadChain)}, "http"}}}
	for _, proxy := range w.proxies {
		c.rules = append(c.rules, rule{[]clause{fromHost(proxy), tcp().port(443), counted(), goTo(spreadChain)}, "https from the proxy " + proxy.String()})
	}
	return c
}

// web is what the kubenodes serve.
func (w ways) web() chain {
	return chain{name: "web", rules: []rule{
		{[]clause{tcp().port(80), goTo(spreadChain)}, "http"},
		{[]clause{tcp().port(443), goTo(spreadChain)}, "https"},
	}}
}

// nodes are a chain for each kubenode, by its name, which brings it what it serves.
func (w ways) nodes() ruleset {
	var set ruleset
	for _, node := range w.kubenodes {
		to := func(service string, port, at uint16) rule {
			return rule{[]clause{tcp().port(port), counted(), dnatPort(netip.AddrPortFrom(node.Address, at))}, service + " to " + node.Name}
		}
		set = append(set, chain{name: node.Name, rules: []rule{to("http", 80, nodeHTTP), to("https", 443, nodeHTTPS)}})
	}
	return set
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

// String are the chains as nft lists them.
func (s ruleset) String() string {
	var text strings.Builder
	for i, c := range s {
		if i > 0 {
			text.WriteString("\n")
		}
		text.WriteString(c.String())
	}
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
