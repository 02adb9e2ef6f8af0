package provision

import (
	"context"
	"fmt"
	"io"
	"strings"

	"wiabctl/cluster"
	"wiabctl/provision/change"
)

// JobStatus is how a job on the admin host stands.
type JobStatus = cluster.JobStatus

// Jobs are the jobs that ever ran on the admin host, the one that was started last first.
func (i *Installation) Jobs(ctx context.Context) ([]JobStatus, error) { return i.jobs().List(ctx) }

func (i *Installation) jobs() cluster.Jobs { return cluster.Jobs{Admin: i.admin} }

// JobLog writes the log of a job, or of a stage's last one; of the last one of all where
// there is no name. Previous is the run before the last. With follow it goes on until the
// run has ended.
func (i *Installation) JobLog(ctx context.Context, name string, previous, follow bool, out io.Writer) error {
	jobs, err := i.Jobs(ctx)
	if err != nil {
		return err
	}
	job, err := cluster.Find(jobs, name)
	if err != nil {
		return err
	}
	return i.jobs().Log(ctx, job, previous, follow, func(line string) { fmt.Fprintln(out, line) })
}

// Attach writes what the running job says from now on, and returns its failure.
func (i *Installation) Attach(ctx context.Context, name string, out io.Writer, say change.Progress) error {
	job, err := i.runningJob(ctx, name)
	if err != nil {
		return err
	}
	return i.jobs().Attach(ctx, job, func(line string) { fmt.Fprintln(out, line) }, say)
}

// Cancel ends the running job and returns its name.
func (i *Installation) Cancel(ctx context.Context, name string) (string, error) {
	job, err := i.runningJob(ctx, name)
	if err != nil {
		return "", err
	}
	return job.Name, i.jobs().Cancel(ctx, job.Name)
}

// runningJob is the job of this name or stage that runs; without a name there may be
// only one.
func (i *Installation) runningJob(ctx context.Context, name string) (JobStatus, error) {
	jobs, err := i.Jobs(ctx)
	if err != nil {
		return JobStatus{}, err
	}
	running := cluster.Running(jobs)
	var names []string
	for _, job := range running {
		names = append(names, job.Name)
	}
	switch {
	case len(running) == 0 && len(jobs) == 0:
		return JobStatus{}, cluster.JobUnknown.Failf("no job has ever run here")
	case len(running) == 0:
		return JobStatus{}, cluster.JobUnknown.Failf("no job runs at the moment; the last one was %s", describeJob(jobs[0]))
	case name == "" && len(running) > 1:
		return JobStatus{}, BadUsage.Failf("more than one job runs: give one of %s", strings.Join(names, ", "))
	}
	return cluster.Find(running, name)
}

// describeJob tells in words how a job stands.
func describeJob(job JobStatus) string {
	how := "it has not ended"
	switch {
	case job.Running:
		how = "it runs"
	case job.Succeeded():
		how = "it succeeded"
	case job.End != "":
		how = "it ended with " + job.End
	}
	return fmt.Sprintf("%s, started at %s: %s", job.Name, job.Started.Local().Format("2006-01-02 15:04:05"), how)
}
