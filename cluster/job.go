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
	Inputs   []string      // all that the result depends on; never secrets themselves
	Deadline time.Duration // the longest that it may take
}

// receipt is what is kept beside a job: which inputs the run had.
type receipt struct {
	Job     string    `json:"job"`
	Inputs  string    `json:"inputs"` // digest of Script and Inputs
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
	return hex.EncodeToString(h.Sum(nil))
}

// Done returns nil when the job has succeeded with these inputs, else in words
// why it has to run.
func (j Job) Done(ctx context.Context, admin *Admin) (reason string, err error) {
	content, err := admin.Read(ctx, j.file("receipt.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return "there is no receipt of a run", nil
	}
	if err != nil {
		return "", err
	}
	var last receipt
	if err := json.Unmarshal(content, &last); err != nil {
		return "its receipt cannot be read", nil //nolint:nilerr // an unreadable receipt proves nothing: the job runs again
	}
	if last.Inputs != j.digest() {
		return "its inputs changed since " + last.Started.Local().Format(time.DateTime), nil
	}
	result, err := admin.Read(ctx, j.file("result"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "it was started at " + last.Started.Local().Format(time.DateTime) + " and has not ended", nil
	case err != nil:
		return "", err
	case strings.TrimSpace(string(result)) != succeeded:
		return "it failed at its last run: " + strings.TrimSpace(string(result)), nil
	}
	return "", nil
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
	if running {
		same, err := j.ours(ctx, admin)
		if err != nil {
			return err
		}
		if same {
			say.Sayf("found it running; attached")
			return j.follow(ctx, admin, say)
		}
		say.Sayf("an earlier run with other inputs still works; waiting for its end")
		_ = j.follow(ctx, admin, say) // how the superseded run ends does not matter
	}
	if err := j.start(ctx, admin); err != nil {
		return err
	}
	return j.follow(ctx, admin, say)
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

func (j Job) ours(ctx context.Context, admin *Admin) (bool, error) {
	content, err := admin.Read(ctx, j.file("receipt.json"))
	if err != nil {
		return false, err
	}
	var last receipt
	return json.Unmarshal(content, &last) == nil && last.Inputs == j.digest(), nil
}

// finish is what systemd runs when the unit ends. It keeps the exit status, which
// systemd itself forgets (systemd.service(5), $SERVICE_RESULT).
const finish = `#!/bin/sh
echo "$SERVICE_RESULT $EXIT_CODE $EXIT_STATUS" >"$1.part" && mv "$1.part" "$1"
`

// start writes the receipt, then starts the unit. A kill between the two leaves a
// receipt without a result, which Done takes for "has not ended".
func (j Job) start(ctx context.Context, admin *Admin) error {
	content, err := json.Marshal(receipt{Job: j.Name, Inputs: j.digest(), Started: time.Now().UTC()})
	if err != nil {
		return err
	}
	// One after the other: a receipt must never stand beside the result of another run.
	for _, step := range []func() error{
		func() error { return admin.remove(ctx, j.file("result")) },
		func() error { return admin.Write(ctx, j.file("receipt.json"), content, 0o600) },
		func() error { return admin.Write(ctx, j.file("output"), nil, 0o600) },
		func() error { return admin.Write(ctx, j.file("finish"), []byte(finish), 0o700) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	_, err = admin.Run(ctx, j.systemdRun(admin)...)
	return err
}

func (j Job) systemdRun(admin *Admin) []string {
	at := func(name string) string { return admin.path(j.file(name)) }
	return append([]string{"sudo", "systemd-run", "--quiet", "--collect",
		"--unit=" + j.unit(), "--uid=" + admin.User, "--working-directory=" + admin.Dir,
		"--property=StandardOutput=append:" + at("output"),
		"--property=StandardError=append:" + at("output"),
		"--property=ExecStopPost=" + at("finish") + " " + at("result"),
		admin.path(j.Script[0])}, j.Script[1:]...)
}

// follow waits for the result and passes on what the job says.
func (j Job) follow(ctx context.Context, admin *Admin, say change.Progress) error {
	log := tail{admin: admin, name: j.file("output"), say: say}
	asked := time.Now()
	var result string
	err := change.Condition{
		Description: "job " + j.Name + " to end",
		Deadline:    j.Deadline,
		Interval:    followed,
		Check: func(ctx context.Context) error {
			log.more(ctx)
			content, err := admin.Read(ctx, j.file("result"))
			if errors.Is(err, fs.ErrNotExist) && time.Since(asked) > askSystemd {
				asked = time.Now()
				content, err = j.lost(ctx, admin)
			}
			result = strings.TrimSpace(string(content))
			return err
		},
	}.Await(ctx, nil)
	if err != nil {
		return err
	}
	if result == succeeded {
		return nil
	}
	return JobFailed.Failf("job %s ended with %q; its last lines:\n%s\nthe whole log is %s on the admin host",
		j.Name, result, log.last(ctx, 20), admin.path(j.file("output")))
}

// lost finds out why there is no result yet. A unit that is gone without one was
// lost to a reboot or a kill, and no waiting brings its result.
func (j Job) lost(ctx context.Context, admin *Admin) ([]byte, error) {
	running, err := j.running(ctx, admin)
	if err != nil {
		return nil, err
	}
	// Asked again, because it may have ended between the two questions.
	content, err := admin.Read(ctx, j.file("result"))
	if errors.Is(err, fs.ErrNotExist) && !running {
		return nil, change.Never(JobFailed.Failf("job %s is gone without a result: the admin host was rebooted or the unit killed", j.Name))
	}
	return content, err
}
