package network

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/nftables"
)

// foreignChains are others' chains of nftables that see IPv4, read once; their rules and sets
// as they are asked for.
type foreignChains struct {
	conn *nftables.Conn
	all  []*nftables.Chain
	read map[string][]*nftables.Rule
	sets map[string]*elements
}

// readChains lists the chains of the families ip and inet, but for those of our own
// tables and of libvirt's (10.4 and newer), whose rules are all for other networks.
func readChains(conn *nftables.Conn) (*foreignChains, error) {
	c := &foreignChains{conn: conn, read: map[string][]*nftables.Rule{}, sets: map[string]*elements{}}
	for _, family := range []nftables.TableFamily{nftables.TableFamilyIPv4, nftables.TableFamilyINet} {
		found, err := conn.ListChainsOfTableFamily(family)
		if err != nil {
			return nil, fmt.Errorf("listing the chains of nftables: %w", err)
		}
		c.all = append(c.all, slices.DeleteFunc(found, func(f *nftables.Chain) bool {
			return strings.HasPrefix(f.Table.Name, tableName) || f.Table.Name == "libvirt_network"
		})...)
	}
	return c, nil
}

// has says whether the table has a chain that is as asked for.
func (c *foreignChains) has(table *nftables.Table, is func(name string) bool) bool {
	return slices.ContainsFunc(c.all, func(f *nftables.Chain) bool {
		return f.Table.Family == table.Family && f.Table.Name == table.Name && is(f.Name)
	})
}

func (c *foreignChains) rules(table *nftables.Table, chain string) ([]*nftables.Rule, error) {
	key := fmt.Sprint(table.Family, table.Name, "/", chain)
	if known, ok := c.read[key]; ok {
		return known, nil
	}
	rules, err := c.conn.GetRules(table, &nftables.Chain{Table: table, Name: chain})
	if err != nil {
		return nil, fmt.Errorf("listing chain %s of table %s: %w", chain, table.Name, err)
	}
	c.read[key] = rules
	return rules, nil
}

// set is a set with its elements; nil if the library cannot read it.
func (c *foreignChains) set(table *nftables.Table, name string) (*elements, error) {
	key := fmt.Sprint(table.Family, table.Name, "/", name)
	if known, ok := c.sets[key]; ok {
		return known, nil
	}
	set, err := c.conn.GetSetByName(table, name)
	if err != nil {
		c.sets[key] = nil
		return nil, nil //nolint:nilerr // a kind of set that is not known is one that matches nobody knows what
	}
	all, err := c.conn.GetSetElements(set)
	if err != nil {
		return nil, fmt.Errorf("listing set %s of table %s: %w", name, table.Name, err)
	}
	c.sets[key] = &elements{set, all}
	return c.sets[key], nil
}
