package cmd

import (
	"fmt"
	"strings"
	"testing"

	"wiabctl/provision"
)

// What others say moves no cursor, wherever it stands in a table.
func TestTablesAreFitForTerminals(t *testing.T) {
	const said = "größe\x1b[2J\x07\u009b31m"
	o := &options{output: "plain"}
	for name, render := range map[string]func(*strings.Builder) error{
		"table": func(out *strings.Builder) error {
			table := tableOf(out)
			fmt.Fprintf(table, "A\tB\n%s\tx\n", said)
			return table.Flush()
		},
		"domain list": func(out *strings.Builder) error {
			return renderDomains(out, []provision.DomainState{{Certificate: provision.CertificateState{Problem: said}}})
		},
		"network check": func(out *strings.Builder) error { return o.renderProbes(out, []provision.Probe{{Problem: said}}) },
		"vm list":       func(out *strings.Builder) error { return renderVMs(out, []provision.VM{{Why: said}}) },
		"support": func(out *strings.Builder) error {
			return o.renderCollection(out, "a.tar.gz", provision.Collection{Missing: []provision.Missing{{Name: "plan", Reason: said}}})
		},
	} {
		var out strings.Builder
		if err := render(&out); err != nil || strings.ContainsAny(out.String(), "\x1b\x07\u009b") || !strings.Contains(out.String(), "größe[2J31m") {
			t.Errorf("%s: %q, %v", name, out.String(), err)
		}
	}
}
