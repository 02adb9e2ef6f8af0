package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newCancel(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "cancel [STAGE|JOB]",
		Short: "End the script that runs on the admin host, with all its processes and containers",
		Long: "cancel is the only way to end a job: neither Ctrl-C nor a dropped connection does. What the script has done so far stays;\n" +
			"`wiabctl up` runs it anew, and what its receipts say is done is not done again. A `wiabctl up` that waits for the job ends too.",
		Example:           "  sudo wiabctl cancel",
		Args:              atMostOne("the name of one stage or job"),
		ValidArgsFunction: o.completeJob(func(job provision.JobStatus) bool { return job.Running }),
		RunE: func(c *cobra.Command, args []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				name, err := installation.Cancel(c.Context(), first(args))
				switch {
				case err != nil:
					return err
				case o.output == "json":
					return encode(c.OutOrStdout(), struct {
						Cancelled string `json:"cancelled"`
					}{name})
				}
				fmt.Fprintf(c.OutOrStdout(), "job %s is cancelled\n", name)
				return nil
			})
		},
	}
}
