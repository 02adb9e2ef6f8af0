package cluster

import (
	"context"
	_ "embed" // for the script
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"wiabctl/provision/change"
)

//go:embed wiab/job.sh
var jobScript []byte

const (
	followed = 100 * time.Millisecond // how often the log of a running job is looked at
	// askSystemd is how often it is asked whether a job lives: its log may say no more.
	askSystemd = 5 * time.Second
)

// Run makes the job run to its end: it attaches to the one that works already
// with the same inputs, waits for one with other inputs to end, and else starts
// it. Cancelling ctx leaves the job running.
func (j Job) Run(ctx context.Context, admin *Admin, say change.Progress) error {
	now, err := j.ask(ctx, admin)
	if err != nil {
		return err
	}
	last, err := j.receipt(ctx, admin)
	if err != nil {
		return err
	}
	if attach, err := j.works(ctx, admin, now, last); err != nil {
		return err
	} else if attach {
		say.Sayf("found it running since %s; attached", clock(last.Started))
		return j.follow(ctx, admin, last.Run, say)
	}
	if now.running {
		say.Sayf("an earlier run still works; waiting for its end")
		if err := j.awaitEnd(ctx, admin); err != nil {
			return unending(err)
		}
	}
	if err := j.awaitOthers(ctx, admin, say); err != nil {
		return unending(err)
	}
	run, err := j.start(ctx, admin, now.boot)
	if err != nil {
		return err
	}
	return j.follow(ctx, admin, run, say)
}

// works tells whether the last run is the one that is wanted, and has not ended.
func (j Job) works(ctx context.Context, admin *Admin, now standing, last *receipt) (bool, error) {
	if !now.running || last == nil || last.Inputs != j.digest() {
		return false, nil
	}
	end, err := j.end(ctx, admin, last.Run)
	return !end.ended(), err
}

// awaitEnd waits until no unit of the name runs; how it ends does not matter.
func (j Job) awaitEnd(ctx context.Context, admin *Admin) error {
	return change.Condition{
		Description: "the earlier run of job " + j.Name + " to end",
		Deadline:    j.Deadline,
		Interval:    followed,
		Check: func(ctx context.Context) error {
			now, err := j.ask(ctx, admin)
			if err == nil && now.running {
				err = errors.New("it still runs")
			}
			return err
		},
	}.Await(ctx, nil)
}

// awaitOthers waits until no job works beside which this one must not.
func (j Job) awaitOthers(ctx context.Context, admin *Admin, say change.Progress) error {
	if len(j.Apart) == 0 {
		return nil
	}
	return change.Condition{
		Description: "the jobs to end beside which job " + j.Name + " must not work",
		Deadline:    j.Deadline,
		Interval:    followed,
		Check: func(ctx context.Context) error {
			units, err := units(ctx, admin, j.Apart...)
			if err == nil && len(units) > 0 {
				err = fmt.Errorf("there still works %s", strings.Join(units, ", "))
			}
			return err
		},
	}.Await(ctx, say)
}

// unending is a wait for other jobs that took too long, with what can be done about them.
func unending(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return JobFailed.Failf("%w; `wiabctl attach` follows it, `wiabctl cancel` ends it", err)
	}
	return err
}

// start writes the files and the receipt, then starts the unit. A kill in between
// leaves a receipt without an end, which Done takes for a run that was lost.
func (j Job) start(ctx context.Context, admin *Admin, boot string) (run string, err error) {
	now := time.Now().UTC()
	r := receipt{Run: now.Format("20060102T150405.000000000"), Inputs: j.digest(), Boot: boot, Started: now}
	content, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	if err := admin.rename(ctx, j.file(outputFile), j.file(previousFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	files := append(slices.Clone(j.Files),
		File{Name: j.file("job"), Content: jobScript, Mode: 0o700},
		File{Name: j.file(outputFile), Mode: 0o600},
		File{Name: j.file("result"), Content: reserved(r.Run), Mode: 0o600},
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
	script, dir, output := admin.path(j.file("job")), admin.path(j.dir()), admin.path(j.file(outputFile))
	var environment []string
	for _, variable := range j.Environment {
		environment = append(environment, "--setenv="+variable)
	}
	return slices.Concat([]string{"sudo", "systemd-run", "--quiet", "--collect",
		"--unit=" + j.unit(), "--uid=" + admin.User, "--working-directory=" + admin.Dir,
		"--setenv=WIABCTL_JOB=" + j.unit()}, environment, []string{
		"--property=UMask=0077",
		"--property=TimeoutStopSec=20s",
		"--property=StandardOutput=append:" + output,
		"--property=StandardError=append:" + output,
		"--property=ExecStop=" + script + " stop " + dir + " " + run,
		"--property=ExecStopPost=" + script + " finish " + dir + " " + run,
		script, "run", admin.path(j.Script[0])}, j.Script[1:])
}

// follow reads the run's log to its end and returns what came of it. It goes on after
// any break of the connection, until the job's deadline.
func (j Job) follow(ctx context.Context, admin *Admin, run string, say change.Progress) error {
	ctx, left := change.Waiting(ctx) // the job goes on by itself
	defer left()
	var reader Reader = &newest{say: say}
	if j.Reader != nil {
		reader = j.Reader(say)
	}
	log := &jobLog{admin: admin, name: j.file(outputFile), run: run}
	waiting, cancel := context.WithTimeout(ctx, j.Deadline)
	defer cancel()
	end, err := j.watch(waiting, log, func(line string) {
		if !log.isEnd(line) {
			reader.Line(untimed(line))
		}
	}, say)
	whole := "the whole log: wiabctl logs, or " + admin.path(j.file(outputFile)) + " on the admin host"
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("following job %s, which goes on: %w", j.Name, context.Cause(ctx))
	case waiting.Err() != nil:
		return JobFailed.Failf("job %s has not ended after %s; it goes on (`wiabctl attach` follows it, `wiabctl cancel` ends it): %w; %s", j.Name, j.Deadline, errors.Join(context.DeadlineExceeded, err), whole)
	case err != nil:
		return err
	case end == succeeded:
		return nil
	case end.stopped():
		return JobCancelled.Failf("job %s was stopped before its end (%s); %s", j.Name, end, whole)
	}
	why := reader.Failure()
	if why == "" {
		why = "its last lines:\n" + log.last(ctx, 20)
	}
	return JobFailed.Failf("job %s ended with %q; %s\n%s", j.Name, end, why, whole)
}

// watch hands on the log's lines until the run has ended. An error is one that no
// waiting cures, or the last one that waiting did not cure.
func (j Job) watch(ctx context.Context, log *jobLog, line func(string), say change.Progress) (ending, error) {
	link := linkTrouble{say: say}
	asked := time.Now()
	tick := time.NewTicker(followed)
	defer tick.Stop()
	for {
		ended, err := log.more(ctx, line)
		if err := link.note(err); err != nil {
			return unended, err
		}
		if err == nil && (ended || time.Since(asked) > askSystemd) {
			asked = time.Now()
			end, err := j.outcome(ctx, log.admin, log.run)
			if err == nil && end.ended() {
				_, err = log.more(ctx, line) // what came between the two questions
				log.close()
				return end, err
			}
			if err := link.note(err); err != nil {
				return unended, err
			}
		}
		select {
		case <-ctx.Done():
			return unended, link.last
		case <-tick.C:
		}
	}
}

// outcome is how the run ended. A unit that is gone without an end was lost to a reboot
// or a kill, and no waiting brings its end.
func (j Job) outcome(ctx context.Context, admin *Admin, run string) (ending, error) {
	end, err := j.end(ctx, admin, run)
	if err != nil || end.ended() && !end.stopped() {
		return end, err
	}
	now, err := j.ask(ctx, admin)
	if err != nil || now.running {
		return unended, err
	}
	// Asked again, because it may have ended between the two questions.
	if end, err = j.end(ctx, admin, run); err != nil || end.ended() {
		return end, err
	}
	return unended, JobLost.Failf("job %s is gone without an end: the admin host was rebooted, or its unit killed", j.Name)
}
