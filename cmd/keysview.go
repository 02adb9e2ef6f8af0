package cmd

import (
	"fmt"
	"io"
	"time"

	"wiabctl/provision"
)

// renderKeys lists keys, one a line.
func renderKeys(out io.Writer, keys []provision.KeyInfo) error {
	if len(keys) == 0 {
		_, err := fmt.Fprintln(out, "there are no keys yet; `wiabctl up` makes them")
		return err
	}
	table := tableOf(out)
	fmt.Fprintln(table, "NAME\tFINGERPRINT\tMADE\tUSE")
	for _, key := range keys {
		use := key.Use
		if key.Old {
			use = "replaced, not gone everywhere yet: " + use
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", key.Name, key.Fingerprint, key.Made.Local().Format(time.DateTime), use)
	}
	return table.Flush()
}
