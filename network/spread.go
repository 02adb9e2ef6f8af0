package network

import (
	"net/netip"
	"slices"

	"github.com/google/nftables/expr"
)

// spreadChain is where a connection's kubenode is chosen. It is the only chain
// that changes without the configuration: the watcher keeps dead kubenodes out.
const spreadChain = "spread"

// Kubenode is a virtual machine that serves HTTP and HTTPS.
type Kubenode struct {
	Name    string // also that of its chain
	Address netip.Addr
}

// spread chooses among the kubenodes.
func (w ways) spread() chain {
	var names []string
	for _, node := range w.kubenodes {
		names = append(names, node.Name)
	}
	return chain{name: spreadChain, rules: cascade(names), among: names}
}

// cascade gives each chain an equal part: one in three, of the rest one in two,
// the rest.
func cascade(names []string) []rule {
	var rules []rule
	for i, name := range names {
		var clauses []clause
		if left := len(names) - i; left > 1 {
			clauses = append(clauses, oneIn(left))
		}
		rules = append(rules, rule{append(clauses, goTo(name)), "to " + name})
	}
	return rules
}

// adopt is the wanted set with the spread that is in force, if that is one over
// some of the wanted chains: which, is the watcher's business.
func (is live) adopt(want ruleset) ruleset {
	want = slices.Clone(want)
	for i, c := range want {
		found, _ := is.chain(c.name)
		if chosen := found.chosen(c.among); len(chosen) > 0 {
			want[i].rules = cascade(chosen)
		}
	}
	return want
}

// chosen are the chains that the spread in force is over; none if it is not one.
func (c liveChain) chosen(among []string) []string {
	chosen := slices.DeleteFunc(slices.Clone(among), func(name string) bool { return !c.leadsTo(name) })
	if !slices.EqualFunc(c.rules, cascade(chosen), same) {
		return nil
	}
	return chosen
}

// leadsTo says whether a rule goes on in the named chain.
func (c liveChain) leadsTo(name string) bool {
	for _, r := range c.rules {
		for _, e := range r.Exprs {
			if verdict, ok := e.(*expr.Verdict); ok && verdict.Chain == name {
				return true
			}
		}
	}
	return false
}
