package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"strings"
)

// outcome is what the report prints for one task on one host.
type outcome struct {
	host        host
	task        task
	result      result
	err         error // why it failed
	unreachable bool  // the host did not answer
}

// session runs a play's tasks on one host and sends an outcome for each task
// up to the first that fails; then it closes out.
func (r *runner) session(ctx context.Context, h host, tasks []task, out chan<- outcome) {
	defer close(out)
	next := 0
	fail := func(err error, unreachable bool) {
		out <- outcome{host: h, task: tasks[next], err: err, unreachable: unreachable}
	}
	tasks, err := r.expandTasks(h, tasks)
	if err != nil {
		fail(err, false)
		return
	}
	payloads, err := loadPayloads(tasks)
	if err != nil {
		fail(err, false)
		return
	}
	failed := false
	stderr, err := r.converse(ctx, h, tasks, payloads, func(res result) {
		o := outcome{host: h, task: tasks[next], result: res}
		if res.rc != 0 {
			failed = true
			o.err = fmt.Errorf("exit code %d: %s", res.rc, strings.Join(res.lines, " / "))
		}
		out <- o
		next++
	})
	if failed || next == len(tasks) && err == nil {
		return
	}
	if next == len(tasks) {
		next--
	}
	var exit *exec.ExitError
	lost := h.name != localhost && errors.As(err, &exit) && exit.ExitCode() == 255
	switch {
	case lost:
		err = fmt.Errorf("failed to connect to the host via ssh: %s", stderr)
	case err == nil:
		err = fmt.Errorf("the script ended early: %s", stderr)
	default:
		err = fmt.Errorf("%w: %s", err, stderr)
	}
	fail(err, lost)
}

// converse runs the script and talks with it. It returns what the process said
// on its standard error.
func (r *runner) converse(ctx context.Context, h host, tasks []task, payloads map[int]payload, end func(result)) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, sessionDeadline)
	defer cancel()
	work := script(tasks)
	cmd, err := h.command(ctx, r.ssh, len(work))
	if err != nil {
		return "", err
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	_, err = io.WriteString(stdin, work)
	have := map[int]string{}
	said := listen(stdout, listener{
		have: func(i int, digest string) { have[i] = digest },
		want: func() error { return errors.Join(send(stdin, payloads, have), stdin.Close()) },
		end:  end,
	})
	if said != nil {
		cancel()
		_, _ = io.Copy(io.Discard, stdout) // the process ends now, whatever it still says
	}
	err = errors.Join(cmd.Wait(), said, err)
	return strings.TrimSpace(stderr.String()), err
}

// expandTasks puts the host's variables into the tasks.
func (r *runner) expandTasks(h host, tasks []task) ([]task, error) {
	known := maps.Clone(h.vars)
	for name, value := range r.registered {
		known[name] = value
	}
	for name, value := range r.options.extra {
		known[name] = value
	}
	done := make([]task, len(tasks))
	for i, t := range tasks {
		var err error
		if t.Shell, err = r.inventory.expand(t.Shell, known); err != nil {
			return tasks, fmt.Errorf("task %q: %w", t.Name, err)
		}
		done[i] = t
	}
	return done, nil
}
