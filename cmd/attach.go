package cmd

import (
	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newAttach(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "attach [STAGE|JOB]",
		Short: "Follow the script that runs on the admin host to its end",
		Long: "attach shows what the running job has said and says, and ends as it ends: with 0 if it succeeded. It starts nothing and\n" +
			"changes nothing; Ctrl-C leaves the job alone. `wiabctl up` attaches by itself, and goes on with what comes after.",
		Example:           "  sudo wiabctl attach",
		Args:              atMostOne("the name of one stage or job"),
		ValidArgsFunction: o.completeJob(func(job provision.JobStatus) bool { return job.Running }),
		RunE: func(c *cobra.Command, args []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				return installation.Attach(c.Context(), first(args), c.OutOrStdout(), func(line string) { c.PrintErrln(line) })
			})
		},
	}
}
