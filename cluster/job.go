package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
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
}

// receipt is what is kept beside a job: which run it was, with which inputs.
type receipt struct {
	Run     string    `json:"run"`    // the result begins with it, so the two never pair wrongly
	Inputs  string    `json:"inputs"` // digest of Script, Inputs and Files
	Started time.Time `json:"started"`
}

const (
	jobsDir = "wiab/jobs"
	// unitPrefix begins the names of the jobs' units, and of no other unit of ours.
	unitPrefix = "wiabctl-job-"
	followed   = 100 * time.Millisecond // how often a running job is looked at, at first
	// askSystemd is how often a job without a result is asked whether it lives.
	askSystemd = 5 * time.Second
	// succeeded is what systemd says in ExecStopPost of a service that exited 0.
	succeeded = "success exited 0"
)

func (j Job) file(name string) string { return path.Join(jobsDir, j.Name, name) }
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
		return "its inputs changed since " + last.Started.Local().Format(time.DateTime), nil
	}
	result, err := j.result(ctx, admin, last.Run)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "it was started at " + last.Started.Local().Format(time.DateTime) + " and has not ended", nil
	case err != nil:
		return "", err
	case result != succeeded:
		return "it failed at its last run: " + result, nil
	}
	return "", nil
}

// receipt reads the last run's; nil when there is none that can be read, for such a
// one proves nothing.
func (j Job) receipt(ctx context.Context, admin *Admin) (*receipt, error) {
	content, err := admin.Read(ctx, j.file("receipt.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var last receipt
	if json.Unmarshal(content, &last) != nil {
		return nil, nil //nolint:nilerr // as if there were none
	}
	return &last, nil
}

// result reads how a run ended; fs.ErrNotExist when it has not.
func (j Job) result(ctx context.Context, admin *Admin, run string) (string, error) {
	content, err := admin.Read(ctx, j.file("result"))
	if err != nil {
		return "", err
	}
	ended, result, _ := strings.Cut(strings.TrimSpace(string(content)), " ")
	if ended != run {
		return "", fs.ErrNotExist
	}
	return result, nil
}

// Forget makes the next plan run the job again.
func (j Job) Forget(ctx context.Context, admin *Admin) error {
	err := admin.remove(ctx, j.file("receipt.json"))
	if errors.Is(err, change.ErrNotInstalled) {
		return nil
	}
	return err
}

// Run makes the job run to its end: it attaches to the one that works already
// with the same inputs, waits for one with other inputs to end, and else starts
// it. It reports the newest line of output about every two seconds. Cancelling
// ctx leaves the job running.
func (j Job) Run(ctx context.Context, admin *Admin, say change.Progress) error {
	running, err := j.running(ctx, admin)
	if err != nil {
		return err
	}
	last, err := j.receipt(ctx, admin)
	if err != nil {
		return err
	}
	if running && last != nil && last.Inputs == j.digest() {
		say.Sayf("found it running; attached")
		return j.follow(ctx, admin, last.Run, say)
	}
	if running {
		say.Sayf("an earlier run with other inputs still works; waiting for its end")
		if err := j.awaitEnd(ctx, admin); err != nil {
			return err
		}
	}
	run, err := j.start(ctx, admin)
	if err != nil {
		return err
	}
	return j.follow(ctx, admin, run, say)
}

// awaitEnd waits until no unit of the name runs; how it ends does not matter.
func (j Job) awaitEnd(ctx context.Context, admin *Admin) error {
	return change.Condition{
		Description: "the earlier run of job " + j.Name + " to end",
		Deadline:    j.Deadline,
		Interval:    time.Second,
		Check: func(ctx context.Context) error {
			running, err := j.running(ctx, admin)
			if err == nil && running {
				err = errors.New("it still runs")
			}
			return err
		},
	}.Await(ctx, nil)
}

// running asks systemd, the only one who knows.
func (j Job) running(ctx context.Context, admin *Admin) (bool, error) {
	out, err := admin.Run(ctx, "systemctl", "show", "--property=ActiveState", "--value", j.unit())
	if err != nil {
		return false, err
	}
	state := strings.TrimSpace(string(out))
	return state != "inactive" && state != "failed", nil
}

// finish is what systemd runs when the unit ends. It keeps the exit status, which
// systemd itself forgets (systemd.service(5), $SERVICE_RESULT).
const finish = `#!/bin/sh
echo "$2 $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS" >"$1.part" && mv "$1.part" "$1"
`

// start writes the files and the receipt, then starts the unit. A kill in between
// leaves a receipt without its result, which Done takes for "has not ended".
func (j Job) start(ctx context.Context, admin *Admin) (run string, err error) {
	now := time.Now().UTC()
	r := receipt{Run: now.Format("20060102T150405.000000000"), Inputs: j.digest(), Started: now}
	content, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	files := append(slices.Clone(j.Files),
		File{Name: j.file("output"), Mode: 0o600},
		File{Name: j.file("finish"), Content: []byte(finish), Mode: 0o700},
		File{Name: j.file("receipt.json"), Content: content, Mode: 0o600})
	for _, f := range files {
		if err := admin.Write(ctx, f.Name, f.Content, f.Mode); err != nil {
			return "", err
		}
	}
	_, err = admin.Run(ctx, j.systemdRun(admin, r.Run)...)
	return r.Run, err
}

// systemdRun is the command that starts the unit. What the script makes is for the
// deploy user's eyes only unless the script says otherwise: among it are secrets.
func (j Job) systemdRun(admin *Admin, run string) []string {
	at := func(name string) string { return admin.path(j.file(name)) }
	return append([]string{"sudo", "systemd-run", "--quiet", "--collect",
		"--unit=" + j.unit(), "--uid=" + admin.User, "--working-directory=" + admin.Dir,
		"--setenv=WIABCTL_JOB=" + j.unit(),
		"--property=UMask=0077",
		"--property=StandardOutput=append:" + at("output"),
		"--property=StandardError=append:" + at("output"),
		"--property=ExecStopPost=" + at("finish") + " " + at("result") + " " + run,
		admin.path(j.Script[0])}, j.Script[1:]...)
}

// follow waits for the run's result and passes on what the job says.
func (j Job) follow(ctx context.Context, admin *Admin, run string, say change.Progress) error {
	log := tail{admin: admin, name: j.file("output"), say: say}
	asked := time.Now()
	var result string
	err := change.Condition{
		Description: "job " + j.Name + " to end",
		Deadline:    j.Deadline,
		Interval:    followed,
		Check: func(ctx context.Context) (err error) {
			log.more(ctx)
			result, err = j.result(ctx, admin, run)
			if errors.Is(err, fs.ErrNotExist) && time.Since(asked) > askSystemd {
				asked = time.Now()
				result, err = j.lost(ctx, admin, run)
			}
			if errors.Is(err, fs.ErrNotExist) {
				err = errors.New("it still runs")
			}
			return err
		},
	}.Await(ctx, nil)
	switch {
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return JobFailed.Failf("job %s: %w; it goes on, and its log is %s on the admin host", j.Name, err, admin.path(j.file("output")))
	case err != nil:
		return err
	case result == succeeded:
		return nil
	}
	return JobFailed.Failf("job %s ended with %q; its last lines:\n%s\nthe whole log is %s on the admin host",
		j.Name, result, log.last(ctx, 20), admin.path(j.file("output")))
}

// lost finds out why there is no result yet. A unit that is gone without one was
// lost to a reboot or a kill, and no waiting brings its result.
func (j Job) lost(ctx context.Context, admin *Admin, run string) (string, error) {
	running, err := j.running(ctx, admin)
	if err != nil {
		return "", err
	}
	// Asked again, because it may have ended between the two questions.
	result, err := j.result(ctx, admin, run)
	if errors.Is(err, fs.ErrNotExist) && !running {
		return "", change.Never(JobFailed.Failf("job %s is gone without a result: the admin host was rebooted or the unit killed", j.Name))
	}
	return result, err
}
