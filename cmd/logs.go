package cmd

import (
	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newLogs(o *options) *cobra.Command {
	var follow, previous bool
	c := &cobra.Command{
		Use:   "logs [STAGE|JOB]",
		Short: "Show what a script on the admin host said, each line with its time",
		Long: "logs shows the whole output of the last run of a stage's script (secrets, cluster, helm, domains), or of one job (release-red);\n" +
			"without a name, of the job that was started last. The scripts run detached: their logs are there whatever became of `wiabctl up`.",
		Example:           "  sudo wiabctl logs cluster\n  sudo wiabctl logs -f              # until the job has ended\n  sudo wiabctl logs helm --previous",
		Args:              atMostOne("the name of one stage or job"),
		ValidArgsFunction: o.completeJob(func(provision.JobStatus) bool { return true }),
		RunE: func(c *cobra.Command, args []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				return installation.JobLog(c.Context(), first(args), previous, follow, c.OutOrStdout())
			})
		},
	}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "go on until the job has ended")
	c.Flags().BoolVarP(&previous, "previous", "p", false, "the run before the last")
	return c
}

// completeJob offers the names of the jobs that may be meant.
func (o *options) completeJob(meant func(provision.JobStatus) bool) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, _ string) (names []cobra.Completion, _ cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		_ = o.with(c, func(installation *provision.Installation) error {
			jobs, err := installation.Jobs(c.Context())
			for _, job := range jobs {
				if meant(job) {
					names = append(names, job.Name)
				}
			}
			return err
		})
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}
