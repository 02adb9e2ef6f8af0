package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"wiabctl/provision/change"
)

// Job is a script that runs detached on the admin host, as the transient systemd
// unit wiabctl-job-<Name> of the deploy user. The unit outlives every connection; its
// output and its exit status stay in files, so that a later run finds a job that
// still works, or how it ended, and never starts a second one.
type Job struct {
	Name     string        // a unit name's part: lower-case letters, digits and dashes
	Script   []string      // a program of the deploy directory, and its arguments; run there
	Inputs   []string      // all else that the result depends on; only a digest of it is kept
	Files    []File        // what the script reads, written before it starts and never while it runs
	Deadline time.Duration // the longest that it may take
	// Environment are variables ("NAME=value") on which the result does not depend.
	Environment []string
	// Apart are the names, as patterns, of the jobs beside which it must not work: it
	// starts when none of them does.
	Apart []string
	// Reader makes who reads what the job says; nil: its newest line is shown.
	Reader func(say change.Progress) Reader
}

const (
	jobsDir = "wiab/jobs"
	// unitPrefix begins the names of the jobs' units, and of no other unit of ours.
	unitPrefix   = "wiabctl-job-"
	outputFile   = "output"   // what the last run says
	previousFile = "output.1" // what the one before it said
)

func (j Job) dir() string             { return path.Join(jobsDir, j.Name) }
func (j Job) file(name string) string { return path.Join(j.dir(), name) }
func (j Job) unit() string            { return unitPrefix + j.Name }

func (j Job) digest() string {
	h := sha256.New()
	for _, in := range slices.Concat(j.Script, j.Inputs) {
		fmt.Fprintf(h, "%d:%s\n", len(in), in)
	}
	for _, f := range j.Files {
		fmt.Fprintf(h, "%s %d:%s\n", f.Name, len(f.Content), f.Content)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Done tells in words why the job has to run; empty when it has succeeded with
// these inputs.
func (j Job) Done(ctx context.Context, admin *Admin) (reason string, err error) {
	last, err := j.receipt(ctx, admin)
	switch {
	case err != nil:
		return "", err
	case last == nil:
		return "there is no receipt of a run", nil
	case last.Inputs != j.digest():
		return "its inputs changed since " + clock(last.Started), nil
	}
	end, err := j.end(ctx, admin, last.Run)
	switch {
	case err != nil:
		return "", err
	case end == succeeded:
		return "", nil
	case end.ended() && !end.stopped():
		return "it failed at its last run: " + string(end), nil
	}
	return j.unfinished(ctx, admin, *last, end)
}

// unfinished tells what became of a run that did not come to its end.
func (j Job) unfinished(ctx context.Context, admin *Admin, last receipt, end ending) (string, error) {
	now, err := j.ask(ctx, admin)
	switch {
	case err != nil:
		return "", err
	case now.running:
		return "it has been running since " + clock(last.Started), nil
	case now.boot != last.Boot:
		return "its run of " + clock(last.Started) + " was lost when the admin host was rebooted", nil
	case end.stopped():
		return "its run of " + clock(last.Started) + " was cancelled", nil
	}
	return "its run of " + clock(last.Started) + " was lost: its unit was killed", nil
}

// unlessDone calls what runs the job, unless it has succeeded since it was planned: a run that
// was at work then may have come to its end.
func (j Job) unlessDone(ctx context.Context, admin *Admin, run func() error) error {
	missing, err := j.Done(ctx, admin)
	if err != nil || missing == "" {
		return err
	}
	return run()
}

// Forget makes the next plan run the job again.
func (j Job) Forget(ctx context.Context, admin *Admin) error {
	err := admin.remove(ctx, j.file("receipt.json"))
	if errors.Is(err, change.ErrNotInstalled) {
		return nil
	}
	return err
}

// adopt makes the last run, which was one of other inputs, stand for one with these.
func (j Job) adopt(ctx context.Context, admin *Admin) error {
	last, err := j.receipt(ctx, admin)
	if err != nil || last == nil {
		return err
	}
	last.Inputs = j.digest()
	content, err := json.Marshal(last)
	if err != nil {
		return err
	}
	return admin.Write(ctx, j.file("receipt.json"), content, 0o600)
}

// clock is a time as people read it here.
func clock(t time.Time) string { return t.Local().Format(time.DateTime) }
