package cmd

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"wiabctl/provision"
	"wiabctl/provision/change"
)

func newExplain(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "explain [ID|EXIT CODE]",
		Short: "Explain a failure: what it means, what to do, and where the documentation tells more",
		Long: "explain tells of a failure by the id that wiabctl prints in brackets, or by the exit code that it left; without\n" +
			"either it lists all failures that there are.",
		Example:           "  wiabctl explain port-taken\n  wiabctl explain 40\n  wiabctl explain --output json    # one failure a line",
		Args:              atMostOne("one id or exit code"),
		ValidArgsFunction: completeFailure,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return o.renderFailures(c.OutOrStdout(), provision.Kinds())
			}
			kind, err := provision.Explain(args[0])
			if err != nil {
				return err
			}
			kind.Command = forFile(kind.Command, o.config)
			return o.renderFailure(c.OutOrStdout(), kind)
		},
	}
}

func completeFailure(_ *cobra.Command, args []string, _ string) (ids []cobra.Completion, _ cobra.ShellCompDirective) {
	if len(args) == 0 {
		for _, k := range provision.Kinds() {
			ids = append(ids, cobra.CompletionWithDesc(k.ID, k.Means))
		}
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

// explained is a kind of failure, as programs read it.
type explained struct {
	ID      string `json:"id"`
	Exit    int    `json:"exit"`
	Means   string `json:"means"`
	Breaks  string `json:"breaks,omitempty"`
	Advice  string `json:"advice"`
	Command string `json:"command,omitempty"`
	Docs    string `json:"docs"`
}

func explanation(k change.Kind) explained {
	return explained{ID: k.ID, Exit: k.Exit, Means: k.Means, Breaks: k.Breaks, Advice: k.Advice, Command: k.Command, Docs: k.Docs()}
}

func (o *options) renderFailure(out io.Writer, k change.Kind) error {
	if o.output == "json" {
		return encode(out, explanation(k))
	}
	table := tableOf(out)
	fmt.Fprintf(table, "%s\t(exit code %d)\n", k.ID, k.Exit)
	for _, row := range [][2]string{{"it means", k.Means}, {"it breaks", k.Breaks}, {"what to do", k.Advice}, {"type", k.Command}, {"more", k.Docs()}} {
		if row[1] != "" {
			fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
		}
	}
	return table.Flush()
}

func (o *options) renderFailures(out io.Writer, kinds []change.Kind) error {
	if o.output == "json" {
		all := make([]explained, len(kinds))
		for i, k := range kinds {
			all[i] = explanation(k)
		}
		return encode(out, all...)
	}
	table := tableOf(out)
	fmt.Fprintln(table, "ID\tEXIT\tIT MEANS")
	for _, k := range kinds {
		fmt.Fprintf(table, "%s\t%d\t%s\n", k.ID, k.Exit, k.Means)
	}
	return table.Flush()
}
