package cmd

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"wiabctl/provision"
	"wiabctl/provision/change"
)

func newPreflight(o *options) *cobra.Command {
	var ignored []string
	c := &cobra.Command{
		Use:   "preflight",
		Short: "Tell all at once what on this host, and outside of it, stands in the way of up",
		Long: "preflight looks at the host, its firewalls and ports, what is configured, DNS, the certificate authority and the places of\n" +
			"downloads, all side by side, and changes nothing. Each finding has an id, what was seen, what it breaks and the command that\n" +
			"mends it: `fatal` is what up refuses to begin with, `warning` what does not work or not for long, `note` what is good to know.\n" +
			"It ends within five seconds, whatever does not answer. The exit code is that of the worst finding (docs/failures.md), notes\n" +
			"apart. up looks at the same before it changes anything.",
		Example: "  sudo wiabctl preflight\n  sudo wiabctl preflight --ignore memory-short --output json    # one finding a line",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				e, err := installation.Preflight(c.Context(), ignored)
				if err != nil {
					return err
				}
				for n := range e.Findings {
					e.Findings[n].Command = forFile(e.Findings[n].Command, o.config)
				}
				if err := o.renderExamination(c.OutOrStdout(), e); err != nil {
					return err
				}
				if code := e.Exit(); code != 0 {
					return &exitStatus{code}
				}
				return nil
			})
		},
	}
	ignoreFlag(c, &ignored)
	return c
}

// ignoreFlag is the flag by which a person says that findings of preflight are no matter.
func ignoreFlag(c *cobra.Command, ids *[]string) {
	c.Flags().StringSliceVar(ids, "ignore", nil, "the id of what preflight may find (repeatable)")
	_ = c.RegisterFlagCompletionFunc("ignore", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return provision.FindingIDs(), cobra.ShellCompDirectiveNoFileComp
	})
}

// renderExamination has a paragraph for each finding, and says at the end how many there are.
func (o *options) renderExamination(out io.Writer, e provision.Examination) error {
	if o.output == "json" {
		return encode(out, e.Findings...)
	}
	for _, f := range e.Findings {
		lines := []string{fmt.Sprintf("%-8s %s: %s", f.Severity, f.ID, f.Seen)}
		if f.Severity != change.Noted {
			lines = append(lines, "breaks: "+f.Breaks, "advice: "+f.Advice, "type:   "+f.Command)
		}
		text := change.Printable(strings.Join(lines, "\n"))
		if _, err := fmt.Fprintln(out, strings.ReplaceAll(text, "\n", "\n         ")); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "%s in %s: %s\n", several(e.Checks, "check"), short(e.Took), verdict(e))
	return err
}

// verdict counts the findings in words.
func verdict(e provision.Examination) string {
	var parts []string
	for _, how := range []struct {
		severity change.Severity
		word     string
	}{{change.Fatal, "fatal finding"}, {change.Serious, "warning"}, {change.Noted, "note"}} {
		if n := e.Count(how.severity); n > 0 {
			parts = append(parts, several(n, how.word))
		}
	}
	if len(parts) == 0 {
		parts = []string{"nothing is in the way"}
	}
	if n := len(e.Ignored); n > 0 {
		parts = append(parts, fmt.Sprintf("%d ignored", n))
	}
	return strings.Join(parts, ", ")
}
