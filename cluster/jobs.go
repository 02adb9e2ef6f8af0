package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pkg/sftp"

	"wiabctl/provision/change"
)

// Jobs are all jobs that ever ran on the admin host, and those that run.
type Jobs struct{ Admin *Admin }

// JobStatus is how a job stands.
type JobStatus struct {
	Name    string
	Started time.Time // its last run
	Running bool
	End     string // how its last run ended, in systemd's words; empty when it has not
	run     string
}

// Succeeded tells whether the last run came to a good end.
func (s JobStatus) Succeeded() bool { return ending(s.End) == succeeded }

// jobName is what a job can be called; it becomes a path and a unit's name.
var jobName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

// List returns the jobs, the one that was started last first. None is no error.
func (js Jobs) List(ctx context.Context) ([]JobStatus, error) {
	var names []string
	err := js.Admin.files(ctx, func(files *sftp.Client) error {
		entries, err := files.ReadDir(js.Admin.path(jobsDir))
		for _, entry := range entries {
			if entry.IsDir() && jobName.MatchString(entry.Name()) {
				names = append(names, entry.Name())
			}
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, change.ErrNotInstalled) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the jobs: %w", err)
	}
	running, err := Receipts(js).Running(ctx)
	if err != nil {
		return nil, err
	}
	var all []JobStatus
	for _, name := range names {
		status, err := js.status(ctx, Job{Name: name})
		if err != nil {
			return nil, err
		}
		status.Running = slices.Contains(running, Job{Name: name}.unit()+".service")
		all = append(all, status)
	}
	slices.SortStableFunc(all, func(a, b JobStatus) int { return b.Started.Compare(a.Started) })
	return all, nil
}

func (js Jobs) status(ctx context.Context, j Job) (JobStatus, error) {
	status := JobStatus{Name: j.Name}
	last, err := j.receipt(ctx, js.Admin)
	if err != nil || last == nil {
		return status, err
	}
	end, err := j.end(ctx, js.Admin, last.Run)
	status.Started, status.End, status.run = last.Started, string(end), last.Run
	return status, err
}

// Log hands on the log of a job's last run, line by line with its times; the run before
// it if previous is set. With follow it goes on until the run has ended.
func (js Jobs) Log(ctx context.Context, status JobStatus, previous, follow bool, line func(string)) error {
	j := Job{Name: status.Name}
	log := &jobLog{admin: js.Admin, name: j.file(outputFile), run: status.run}
	if previous {
		log.name = j.file(previousFile)
	}
	_, err := log.more(ctx, line)
	if errors.Is(err, fs.ErrNotExist) {
		return JobUnknown.Failf("job %s has no such log: %w", status.Name, err)
	}
	if err != nil || !follow || previous || !status.Running {
		return err
	}
	_, err = j.watch(ctx, log, line, nil)
	return errors.Join(err, context.Cause(ctx))
}

// Attach follows a running job from now on to its end, and fails as it fails.
func (js Jobs) Attach(ctx context.Context, status JobStatus, line func(string), say change.Progress) error {
	j := Job{Name: status.Name, Deadline: attached, Reader: func(change.Progress) Reader { return plain(line) }}
	return j.follow(ctx, js.Admin, status.run, say)
}

// attached is longer than any job may take.
const attached = 24 * time.Hour

// plain is a reader that hands on each line as it is.
type plain func(line string)

// Line hands it on.
func (p plain) Line(line string) { p(line) }

// Failure is not known.
func (plain) Failure() string { return "" }

// Cancel ends a running job with all its processes, containers included, and waits for
// its end. What it has done so far stays.
func (js Jobs) Cancel(ctx context.Context, name string) error {
	if _, err := js.Admin.Run(ctx, "sudo", "systemctl", "stop", Job{Name: name}.unit()); err != nil {
		return fmt.Errorf("cancel job %s: %w", name, err)
	}
	return nil
}

// Find returns the job of this name, or of this stage the one that was started last;
// with no name the last one of all.
func Find(jobs []JobStatus, name string) (JobStatus, error) {
	for _, j := range jobs {
		if name == "" || j.Name == name || stageOf(j.Name) == name {
			return j, nil
		}
	}
	var known []string
	for _, j := range jobs {
		known = append(known, j.Name)
	}
	slices.Sort(known)
	if len(known) == 0 {
		return JobStatus{}, JobUnknown.Failf("no job has ever run here")
	}
	return JobStatus{}, JobUnknown.Failf("no job %s has ever run here; those that have: %s", name, strings.Join(known, ", "))
}

// Running are those that work.
func Running(jobs []JobStatus) []JobStatus {
	return slices.DeleteFunc(slices.Clone(jobs), func(j JobStatus) bool { return !j.Running })
}

// stageOf is the stage whose job it is.
func stageOf(job string) string {
	switch {
	case strings.HasPrefix(job, releaseJob):
		return "domains"
	case strings.HasPrefix(job, certificateJob):
		return "certificates"
	}
	return job
}
