package cmd

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

// lastScreen is what people read when a run went well.
type lastScreen struct {
	made      int
	time      *timing
	addresses [][]string // where each domain answers; none was looked at if there are none
	dns       []string   // what is not right there yet, a line each
	account   string     // where the first account is made; empty: there was a backend before, which may have some
	mail      bool       // whether e-mail leaves the VMs
	config    string     // the configuration's file
}

// askDNS is how long the last screen looks for records.
const askDNS = 5 * time.Second

// finished tells what came of a run that went well, and what is to be done next.
func (o *options) finished(c *cobra.Command, installation *provision.Installation, in intent, made int, took *timing) {
	if o.output != "plain" {
		return
	}
	last := lastScreen{made: made, time: took, config: o.config}
	if !in.orders.Partial() { // else whether the domains answer was not looked at
		last.addresses = installation.Addresses(in.domains...)
	}
	if len(last.addresses) > 0 && made > 0 {
		last.dns = dnsProblems(c.Context(), installation)
		if took.changed("helm") && slices.Contains(took.silent, installation.DefaultDomain()) {
			last.account, last.mail = installation.Addresses()[0][0], installation.LetsMailOut()
		}
	}
	last.render(c.OutOrStdout())
}

// dnsProblems is what is not right in DNS, as far as that is known soon.
func dnsProblems(ctx context.Context, installation *provision.Installation) (lines []string) {
	ctx, cancel := context.WithTimeoutCause(ctx, askDNS, fmt.Errorf("not all name servers answered within %s", askDNS))
	defer cancel()
	all, err := installation.CheckDNS(ctx, nil)
	if err != nil && len(all) == 0 {
		return []string{err.Error()}
	}
	for _, v := range all {
		for _, f := range v.Findings {
			if f.Problem != "" {
				lines = append(lines, v.Domain+": "+f.Check+": "+f.Problem)
			}
		}
	}
	return lines
}

// What the last screen has room for.
const (
	mostDomains = 3
	mostDNS     = 6
)

func (l lastScreen) render(out io.Writer) {
	fmt.Fprintf(out, "%s\n", changes(l.made))
	if len(l.time.stages) > 0 {
		fmt.Fprintf(out, "the time went to: %s\n", l.time)
	}
	for _, addresses := range l.addresses[:min(len(l.addresses), mostDomains)] {
		fmt.Fprintln(out, strings.Join(addresses, "\n"))
	}
	if more := len(l.addresses) - mostDomains; more > 0 {
		fmt.Fprintf(out, "and those of %s more, see `wiabctl domain list`\n", several(more, "domain"))
	}
	if len(l.dns) > 0 {
		fmt.Fprintln(out, "next: what is not right in DNS, see `wiabctl domain dns`")
		for _, line := range l.dns[:min(len(l.dns), mostDNS)] {
			fmt.Fprintf(out, "  %s\n", indented(line, "\n  "))
		}
		if more := len(l.dns) - mostDNS; more > 0 {
			fmt.Fprintf(out, "  and %d more\n", more)
		}
	}
	l.renderAccount(out)
}

// renderAccount tells how to come to the first account.
func (l lastScreen) renderAccount(out io.Writer) {
	switch {
	case l.account == "":
	case l.mail:
		fmt.Fprintf(out, "next: the first account, at %s; the code for it comes by e-mail\n", l.account)
	default:
		fmt.Fprintln(out, "next: the first account; the code for it comes by e-mail, which the VMs may not send yet:")
		fmt.Fprintln(out, "  "+forFile("sudoedit "+defaultConfig, l.config)+"    # set network.egress: full")
		fmt.Fprintln(out, "  "+forFile("sudo wiabctl up", l.config))
		fmt.Fprintf(out, "  then register at %s\n", l.account)
	}
}
