package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// sessionDeadline bounds one play on one host.
const sessionDeadline = 10 * time.Minute

// runner plays playbooks over an inventory.
type runner struct {
	inventory  *inventory
	options    options
	ssh        sshConfig
	out        report
	registered map[string]string
}

// playbook plays all plays; it ends at the first that fails on any host.
func (r *runner) playbook(ctx context.Context, path string, plays []play) error {
	if err := checkTags(plays, r.options); err != nil {
		return fmt.Errorf("playbook %s: %w", path, err)
	}
	r.registered = map[string]string{}
	told, err := toldToFail(filepath.Base(path))
	if err != nil {
		return err
	}
	defer r.out.recap()
	for _, p := range plays {
		r.out.play(p.Name)
		hosts, err := r.inventory.match(p.Hosts)
		if err != nil {
			return fmt.Errorf("play %q: %w", p.Name, err)
		}
		tasks := p.wanted(r.options)
		if len(tasks) == 0 {
			continue
		}
		if told != nil {
			r.out.task(tasks[0].Name)
			r.out.outcome(outcome{host: hosts[0], task: tasks[0], err: told})
			return errFailed
		}
		if err := r.play(ctx, hosts, tasks); err != nil {
			return err
		}
	}
	return nil
}

// play runs the tasks on all hosts side by side and reports them task by task.
func (r *runner) play(ctx context.Context, hosts []host, tasks []task) error {
	outcomes := make([]chan outcome, len(hosts))
	for i, h := range hosts {
		outcomes[i] = make(chan outcome, len(tasks)+1)
		go r.session(ctx, h, tasks, outcomes[i])
	}
	var problem error
	for _, t := range tasks {
		r.out.task(t.Name)
		outcomes = slices.DeleteFunc(outcomes, func(results chan outcome) bool {
			o := <-results
			r.out.outcome(o)
			r.remember(t, o)
			problem = errors.Join(problem, o.problem())
			return o.err != nil
		})
		if len(outcomes) == 0 {
			break
		}
	}
	return problem
}

// remember keeps what the first host registered.
func (r *runner) remember(t task, o outcome) {
	if _, there := r.registered[t.Register]; t.Register != "" && !there && o.err == nil {
		r.registered[t.Register] = strings.Join(o.result.lines, "\n")
	}
}

// problem is the outcome's error as an exit code needs it.
func (o outcome) problem() error {
	switch {
	case o.unreachable:
		return errUnreachable
	case o.err != nil:
		return errFailed
	}
	return nil
}

// toldToFail takes away the file that asks the playbook to fail and returns
// the error to fail with, or nil when there is none.
func toldToFail(playbook string) (told, err error) {
	path := filepath.Join("ansible", "fail-once", playbook)
	switch err := os.Remove(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return fmt.Errorf("told to fail once by %s", path), nil
}
