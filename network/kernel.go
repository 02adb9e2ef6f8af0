package network

import (
	"fmt"
	"reflect"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
)

// live is our table as the kernel has it.
type live struct {
	exists bool
	chains []liveChain
}

type liveChain struct {
	*nftables.Chain
	rules []*nftables.Rule
}

// table is our table's handle for google/nftables.
func table() *nftables.Table {
	return &nftables.Table{Family: nftables.TableFamilyIPv4, Name: tableName}
}

// readTable asks the kernel for our table.
func readTable(conn *nftables.Conn) (live, error) {
	tables, err := conn.ListTablesOfFamily(nftables.TableFamilyIPv4)
	if err != nil {
		return live{}, fmt.Errorf("listing the nftables: %w", err)
	}
	var is live
	for _, found := range tables {
		is.exists = is.exists || found.Name == tableName
	}
	if !is.exists {
		return is, nil
	}
	chains, err := conn.ListChainsOfTableFamily(nftables.TableFamilyIPv4)
	if err != nil {
		return live{}, fmt.Errorf("listing the chains of nftables: %w", err)
	}
	for _, found := range chains {
		if found.Table.Name != tableName {
			continue
		}
		rules, err := conn.GetRules(found.Table, found)
		if err != nil {
			return live{}, fmt.Errorf("listing chain %s of table %s: %w", found.Name, tableName, err)
		}
		is.chains = append(is.chains, liveChain{found, rules})
	}
	return is, nil
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
	comment, _ := userdata.GetString(is.UserData, userdata.TypeComment)
	return comment == want.comment && reflect.DeepEqual(normal(is.Exprs), normal(want.exprs(expr.Counter{})))
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

// replace makes our table the wanted one in a single transaction, in place: no
// packet meets a table that is half made, and rules that stay go on counting.
func replace(conn *nftables.Conn, want ruleset) error {
	is, err := readTable(conn)
	if err != nil {
		return err
	}
	want = is.adopt(want)
	ours := conn.AddTable(table())
	if is.exists {
		conn.FlushTable(ours)
		is.drop(conn, want)
	}
	for _, c := range want {
		conn.AddChain(c.handle(ours))
	}
	for _, c := range want {
		for _, r := range c.rules {
			conn.AddRule(r.handle(c.handle(ours), is.count(c.name, r.comment)))
		}
	}
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("loading the table ip %s: %w", tableName, err)
	}
	return nil
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
	for _, r := range found.rules {
		if said, _ := userdata.GetString(r.UserData, userdata.TypeComment); said != comment {
			continue
		}
		for _, e := range r.Exprs {
			if counter, ok := e.(*expr.Counter); ok {
				return *counter
			}
		}
	}
	return expr.Counter{}
}

// dropTable deletes our table; none is success.
func dropTable(conn *nftables.Conn) error {
	conn.AddTable(table()) // deleting what is missing would fail
	conn.DelTable(table())
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("deleting the table ip %s: %w", tableName, err)
	}
	return nil
}
