package network

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"wiabctl/provision/change"
)

// Firewall closes the WAN side of this host, IPv4 and IPv6, but for SSH, the
// control messages that the protocols need, and what is allowed here. The ways to
// the VMs are not its business: they do not end at this host.
type Firewall struct {
	Allow []Allowance `yaml:"allow,omitempty"` // who else may come in
	// Prove is how long a new SSH login may take that proves, before the rules are
	// kept, that the operator is still let in; default 1m, 10s to 10m.
	Prove time.Duration `yaml:"prove,omitempty"`
}

func (f *Firewall) defaults() {
	if f != nil && f.Prove == 0 {
		f.Prove = time.Minute
	}
}

func (f *Firewall) validate() error {
	if f != nil && (f.Prove < 10*time.Second || f.Prove > 10*time.Minute) {
		return change.Invalidf("firewall.prove", "is %s, must be between 10s and 10m", f.Prove)
	}
	return nil
}

// firewallTable is the table that closes this host, for IPv4 and IPv6.
const firewallTable = "inet wiabctl_firewall"

func guardTable() table { return table{nftables.TableFamilyINet, firewallTable, firewallUnit} }

// guard are the firewall's rules for what comes in by the interfaces, with SSH on
// the given ports. The chain ends in a drop and no policy does: a chain whose rules
// are gone closes nothing.
func (f *Firewall) guard(wan []string, ssh []uint16) ruleset {
	pass := func(comment string, what ...clause) rule {
		return rule{append(what, counted(), accept()), comment}
	}
	guard := chain{name: "guard", rules: []rule{
		pass("answers", tracked("established,related", expr.CtStateBitESTABLISHED|expr.CtStateBitRELATED)),
		{[]clause{tracked("invalid", expr.CtStateBitINVALID), counted(), drop()}, "what belongs to no connection"},
		pass("errors and ping", layer4("icmp", unix.IPPROTO_ICMP)),
		pass("neighbour discovery, errors and ping", layer4("ipv6-icmp", unix.IPPROTO_ICMPV6)),
		pass("this host's own address by DHCP", udp().port(68)),
		pass("this host's own address by DHCPv6", udp().port(546)),
	}}
	for _, port := range ssh {
		guard.rules = append(guard.rules, pass(fmt.Sprintf("ssh on %d", port), tcp().port(port)))
	}
	for _, a := range f.Allow {
		guard.rules = append(guard.rules, pass("allowed: "+a.String(), a.clauses()...))
	}
	guard.rules = append(guard.rules, rule{[]clause{counted(), drop()}, "the rest"})

	input := chain{name: "input", hook: &hook{"filter hook input priority filter", nftables.ChainTypeFilter, nftables.ChainHookInput, nftables.ChainPriorityFilter}}
	for _, link := range wan {
		input.rules = append(input.rules, rule{[]clause{iifname(link), jump(guard.name)}, "from " + link})
	}
	return ruleset{guard, input}
}

// tracked matches packets whose connection is in one of the states.
func tracked(names string, states uint32) clause {
	return clause{"ct state " + names, flagged(expr.CtKeySTATE, states)}
}

// layer4 matches packets of the protocol, in a table that sees both families.
func layer4(name string, number byte) clause {
	return clause{"meta l4proto " + name, []expr.Any{&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: register}, equals([]byte{number})}}
}

// fromAny matches packets from an address in the network, of either family, in a
// table that sees both.
func fromAny(network netip.Prefix) clause {
	family, word, offset := byte(unix.NFPROTO_IPV4), "ip", uint32(12)
	if network.Addr().Is6() {
		family, word, offset = unix.NFPROTO_IPV6, "ip6", 8
	}
	shown := network.String()
	if network.IsSingleIP() {
		shown = network.Addr().String()
	}
	exprs := []expr.Any{&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: register}, equals([]byte{family})}
	return clause{word + " saddr " + shown, append(exprs, prefix(network, offset)...)}
}

// errNotProven is the last word of a wait for a login that did not come.
var errNotProven = errors.New("nobody logged in over SSH since the rules were loaded")
