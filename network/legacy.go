package network

import (
	"errors"
	"io/fs"
	"os"
	"strings"
)

// legacyTables is where the kernel tells which tables iptables-legacy has brought it, a line each.
const legacyTables = "/proc/net/ip_tables_names"

// legacyRules is a Warning where rules of iptables-legacy may be in force: they are not among nftables'
// chains, so walls does not see them.
func legacyRules() error {
	tables, err := os.ReadFile(legacyTables)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return legacy(string(tables))
}

// legacy judges the text of that file.
func legacy(tables string) error {
	names := strings.Fields(tables)
	if len(names) == 0 {
		return nil
	}
	return Wall.Warnf("iptables-legacy has tables in the kernel (%s), whose rules wiabctl does not see; see them with `iptables-legacy-save`", strings.Join(names, ", ")).
		By("iptables-legacy-save")
}
