package network

import (
	"fmt"
	"strings"

	"github.com/google/nftables"
)

// table is an nftables table that is ours.
type table struct {
	family nftables.TableFamily
	name   string // as nft takes it: "ip wiabctl"
	unit   string // loads it at boot
}

// waysTable holds the ways to the VMs.
func waysTable() table { return table{nftables.TableFamilyIPv4, "ip " + tableName, bootUnit} }

// handle is the table for google/nftables.
func (t table) handle() *nftables.Table {
	_, name, _ := strings.Cut(t.name, " ")
	return &nftables.Table{Family: t.family, Name: name}
}

// kernel reads the table over a connection of its own.
func (t table) kernel() (live, error) {
	conn, err := nftables.New()
	if err != nil {
		return live{}, err
	}
	return t.read(conn)
}

// read asks the kernel for the table.
func (t table) read(conn *nftables.Conn) (live, error) {
	tables, err := conn.ListTablesOfFamily(t.family)
	if err != nil {
		return live{}, fmt.Errorf("listing the nftables: %w", err)
	}
	var is live
	ours := t.handle().Name
	for _, found := range tables {
		is.exists = is.exists || found.Name == ours
	}
	if !is.exists {
		return is, nil
	}
	chains, err := conn.ListChainsOfTableFamily(t.family)
	if err != nil {
		return live{}, fmt.Errorf("listing the chains of nftables: %w", err)
	}
	for _, found := range chains {
		if found.Table.Name != ours {
			continue
		}
		rules, err := conn.GetRules(found.Table, found)
		if err != nil {
			return live{}, fmt.Errorf("listing chain %s of table %s: %w", found.Name, t.name, err)
		}
		is.chains = append(is.chains, liveChain{found, rules})
	}
	return is, nil
}

// replace makes the table the wanted one in a single transaction, in place: no
// packet meets a table that is half made, and rules that stay go on counting.
func (t table) replace(conn *nftables.Conn, want ruleset) error {
	is, err := t.read(conn)
	if err != nil {
		return err
	}
	want = is.adopt(want)
	ours := conn.AddTable(t.handle())
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
		return fmt.Errorf("loading the table %s: %w", t.name, err)
	}
	return nil
}

// load is replace over a connection of its own.
func (t table) load(want ruleset) error {
	conn, err := nftables.New()
	if err != nil {
		return err
	}
	return t.replace(conn, want)
}

// drop deletes the table; none is success.
func (t table) drop() error {
	conn, err := nftables.New()
	if err != nil {
		return err
	}
	conn.AddTable(t.handle()) // deleting what is missing would fail
	conn.DelTable(t.handle())
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("deleting the table %s: %w", t.name, err)
	}
	return nil
}

// text is the table with the rules as `nft -s list table` prints it.
func (t table) text(rules ruleset) string {
	return fmt.Sprintf("table %s {\n%s}\n", t.name, rules)
}

// file is what `nft -f` loads to replace the table in one transaction.
func (t table) file(rules ruleset) string {
	return fmt.Sprintf("# Written by wiabctl; loaded at boot by %s.\nadd table %s\ndelete table %s\n%s", t.unit, t.name, t.name, t.text(rules))
}
