package cmd

import (
	"strconv"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newHistory(o *options) *cobra.Command {
	c := &cobra.Command{
		Use:   "history",
		Short: "List the runs that changed the installation, or tried to",
		Long: "history tells of each run who began it, when, how, how it ended and how many changes it made. The last 200 are kept, until\n" +
			"`wiabctl down` removes them with all else. `history show N` tells what a run planned and did, and where its log is.",
		Example: "  sudo wiabctl history\n  sudo wiabctl history show 12\n  sudo wiabctl history --output json    # one run a line",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			runs, err := provision.Runs()
			if err != nil {
				return err
			}
			if o.output == "json" {
				return encode(c.OutOrStdout(), runs...)
			}
			return renderRuns(c.OutOrStdout(), runs)
		},
	}
	c.AddCommand(newHistoryShow(o))
	return c
}

func newHistoryShow(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "show N",
		Short:   "Tell what a run planned and did, stage by stage",
		Example: "  sudo wiabctl history show 12",
		Args:    exactlyOne("the number of one run"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) (numbers []cobra.Completion, _ cobra.ShellCompDirective) {
			runs, err := provision.BegunRuns()
			if err != nil || len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			for _, run := range runs {
				numbers = append(numbers, cobra.CompletionWithDesc(strconv.Itoa(run.Number), run.Line))
			}
			return numbers, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			number, err := strconv.Atoi(args[0])
			if err != nil {
				return provision.BadUsage.Failf("%q is not the number of a run", args[0])
			}
			run, err := provision.ReadRun(number)
			if err != nil {
				return err
			}
			if o.output == "json" {
				return encode(c.OutOrStdout(), run)
			}
			return renderRun(c.OutOrStdout(), run)
		},
	}
}
