package main

import (
	"fmt"
	"slices"
	"strings"
)

// play is a list of tasks for some hosts.
type play struct {
	Name  string   `yaml:"name"`
	Hosts string   `yaml:"hosts"`
	Tags  []string `yaml:"tags"`
	Tasks []task   `yaml:"tasks"`
}

// task is one step: a shell script or a file to copy.
type task struct {
	Name     string    `yaml:"name"`
	Tags     []string  `yaml:"tags"`
	Shell    string    `yaml:"shell"`
	Copy     *copyFile `yaml:"copy"`
	Register string    `yaml:"register"` // the variable that takes the shell's output
}

// copyFile puts a file onto the host unless an equal one is there.
type copyFile struct {
	Src    string `yaml:"src"`    // a path relative to the working directory
	Member string `yaml:"member"` // the file inside Src, when Src is a tar archive
	Dest   string `yaml:"dest"`   // an absolute path
	Mode   string `yaml:"mode"`   // octal, as in "0600"
}

// loadPlaybook reads a playbook strictly.
func loadPlaybook(path string) ([]play, error) {
	var plays []play
	if err := readYAML(path, &plays); err != nil {
		return nil, fmt.Errorf("playbook: %w", err)
	}
	if len(plays) == 0 {
		return nil, fmt.Errorf("playbook %s has no plays", path)
	}
	for _, p := range plays {
		if err := p.check(); err != nil {
			return nil, fmt.Errorf("playbook %s: %w", path, err)
		}
	}
	return plays, nil
}

func (p play) check() error {
	if p.Name == "" || p.Hosts == "" || len(p.Tasks) == 0 {
		return fmt.Errorf("play %q lacks name, hosts or tasks", p.Name)
	}
	for _, t := range p.Tasks {
		if t.Name == "" || (t.Shell == "") == (t.Copy == nil) {
			return fmt.Errorf("play %q: task %q needs a name and one of shell and copy", p.Name, t.Name)
		}
		if c := t.Copy; c != nil && (c.Src == "" || c.Dest == "" || c.Mode == "" || strings.Contains(c.Src+c.Member+c.Dest, "{{")) {
			return fmt.Errorf("play %q: task %q needs src, dest and mode, without expressions", p.Name, t.Name)
		}
	}
	return nil
}

// wanted are the play's tasks that the tags leave.
func (p play) wanted(opts options) []task {
	var tasks []task
	for _, t := range p.Tasks {
		tags := slices.Concat(p.Tags, t.Tags)
		if (len(opts.tags) == 0 || meets(tags, opts.tags)) && !meets(tags, opts.skipTags) {
			tasks = append(tasks, t)
		}
	}
	return tasks
}

func meets(a, b []string) bool {
	return slices.ContainsFunc(a, func(tag string) bool { return slices.Contains(b, tag) })
}

// checkTags refuses tags that no task has, which Ansible would take as "nothing to do".
func checkTags(plays []play, opts options) error {
	var known []string
	for _, p := range plays {
		known = append(known, p.Tags...)
		for _, t := range p.Tasks {
			known = append(known, t.Tags...)
		}
	}
	for _, tag := range slices.Concat(opts.tags, opts.skipTags) {
		if !slices.Contains(known, tag) {
			return fmt.Errorf("no task has the tag %q", tag)
		}
	}
	return nil
}
