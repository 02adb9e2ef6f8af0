package network

import (
	"fmt"
	"reflect"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
)

// live is a table of ours as the kernel has it.
type live struct {
	exists bool
	chains []liveChain
}

type liveChain struct {
	*nftables.Chain
	rules []*nftables.Rule
}

// differs says in words how the table differs from the wanted one; empty if it
// does not.
func (is live) differs(want ruleset) string {
	if !is.exists {
		return "the table does not exist"
	}
	want = is.adopt(want)
	if len(is.chains) != len(want) {
		return fmt.Sprintf("it has %d chains, wanted %d", len(is.chains), len(want))
	}
	for _, c := range want {
		found, ok := is.chain(c.name)
		switch {
		case !ok:
			return "chain " + c.name + " is missing"
		case !sameHook(found.Chain, c):
			return "chain " + c.name + " is called from elsewhere"
		case len(found.rules) != len(c.rules):
			return fmt.Sprintf("chain %s has %d rules, wanted %d", c.name, len(found.rules), len(c.rules))
		}
		for i, r := range c.rules {
			if !same(found.rules[i], r) {
				return fmt.Sprintf("rule %d of chain %s is not `%s`", i+1, c.name, r)
			}
		}
	}
	return ""
}

func (is live) chain(name string) (liveChain, bool) {
	for _, c := range is.chains {
		if c.Name == name {
			return c, true
		}
	}
	return liveChain{}, false
}

// sameHook compares what is fixed when a chain is made.
func sameHook(is *nftables.Chain, want chain) bool {
	if want.hook == nil {
		return is.Hooknum == nil
	}
	return is.Hooknum != nil && *is.Hooknum == *want.hook.number &&
		is.Priority != nil && *is.Priority == *want.hook.priority &&
		is.Type == want.hook.kind && (is.Policy == nil || *is.Policy == nftables.ChainPolicyAccept)
}

// same compares a rule with the wanted one, counters apart.
func same(is *nftables.Rule, want rule) bool {
	return commentOf(is) == want.comment && reflect.DeepEqual(normal(is.Exprs), normal(want.exprs(expr.Counter{})))
}

// normal is a rule's expressions without what differs between equal rules: the
// counter's state, and what the kernel repeats for a NAT to a single port.
func normal(exprs []expr.Any) []expr.Any {
	var all []expr.Any
	for _, e := range exprs {
		switch e := e.(type) {
		case *expr.Counter:
			all = append(all, &expr.Counter{})
		case *expr.NAT:
			nat := *e
			nat.RegAddrMax, nat.RegProtoMax, nat.Specified = 0, 0, false
			all = append(all, &nat)
		default:
			all = append(all, e)
		}
	}
	return all
}

// exprs are the rule's expressions, counting on from the given state.
func (r rule) exprs(count expr.Counter) []expr.Any {
	var all []expr.Any
	for _, c := range r.clauses {
		for _, e := range c.exprs {
			if _, counts := e.(*expr.Counter); counts {
				e = &count
			}
			all = append(all, e)
		}
	}
	return all
}

// drop removes the chains that are not wanted, or not as they are.
func (is live) drop(conn *nftables.Conn, want ruleset) {
	keep := map[string]bool{}
	for _, c := range want {
		found, ok := is.chain(c.name)
		keep[c.name] = ok && sameHook(found.Chain, c)
	}
	for _, c := range is.chains {
		if !keep[c.Name] {
			conn.DelChain(c.Chain)
		}
	}
}

func (c chain) handle(of *nftables.Table) *nftables.Chain {
	if c.hook == nil {
		return &nftables.Chain{Name: c.name, Table: of}
	}
	accept := nftables.ChainPolicyAccept
	return &nftables.Chain{Name: c.name, Table: of, Type: c.hook.kind, Hooknum: c.hook.number, Priority: c.hook.priority, Policy: &accept}
}

func (r rule) handle(in *nftables.Chain, count expr.Counter) *nftables.Rule {
	return &nftables.Rule{Table: in.Table, Chain: in, Exprs: r.exprs(count), UserData: userdata.AppendString(nil, userdata.TypeComment, r.comment)}
}

// count is how far the rule with the comment has counted.
func (is live) count(name, comment string) expr.Counter {
	found, _ := is.chain(name)
	if r := found.rule(comment); r != nil {
		for _, e := range r.Exprs {
			if counter, ok := e.(*expr.Counter); ok {
				return *counter
			}
		}
	}
	return expr.Counter{}
}
