package main

import (
	"errors"
	"fmt"
	"strings"
)

// options are the arguments of one call.
type options struct {
	inventory string
	tags      []string
	skipTags  []string
	extra     map[string]string
	verbose   bool
	playbooks []string
}

// parseOptions reads the arguments as Ansible does, and refuses those it does
// not know.
func parseOptions(args []string) (options, error) {
	opts := options{extra: map[string]string{}}
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if !strings.HasPrefix(arg, "-") {
			opts.playbooks = append(opts.playbooks, arg)
			continue
		}
		if strings.Trim(arg, "v") == "-" {
			opts.verbose = true
			continue
		}
		name, value, joined := strings.Cut(arg, "=")
		if !joined {
			if len(args) == 0 {
				return opts, fmt.Errorf("option %s is unknown or lacks its value", arg)
			}
			value, args = args[0], args[1:]
		}
		if err := opts.set(name, value); err != nil {
			return opts, err
		}
	}
	if opts.inventory == "" {
		return opts, errors.New("no inventory: -i is missing")
	}
	if len(opts.playbooks) == 0 {
		return opts, errors.New("you must specify a playbook file to run")
	}
	return opts, nil
}

// set takes over one option with a value.
func (o *options) set(name, value string) error {
	switch name {
	case "-i", "--inventory":
		if o.inventory != "" {
			return errors.New("more than one inventory is given")
		}
		o.inventory = value
	case "-t", "--tags":
		o.tags = append(o.tags, strings.Split(value, ",")...)
	case "--skip-tags":
		o.skipTags = append(o.skipTags, strings.Split(value, ",")...)
	case "-e", "--extra-vars":
		for pair := range strings.FieldsSeq(value) {
			key, val, ok := strings.Cut(pair, "=")
			if !ok {
				return fmt.Errorf("extra variable %q is not key=value", pair)
			}
			o.extra[key] = val
		}
	default:
		return fmt.Errorf("unrecognized arguments: %s", name)
	}
	return nil
}
