package network

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"wiabctl/provision/change"
)

// dockerChain is where docker lets others put rules before its own; docker may
// set FORWARD's policy to DROP, which no accept elsewhere can overrule.
const dockerChain = "DOCKER-USER"

// dockerComment marks our rules in docker's chain.
const dockerComment = "wiabctl"

// accepts are our rules in docker's chain, in iptables' words: what comes from
// the VMs' bridge and what goes there. Plain matches show the same in every tool.
func (f *Fabric) accepts() []string {
	var rules []string
	for _, direction := range []string{"-i", "-o"} {
		rules = append(rules, fmt.Sprintf("%s %s -m comment --comment %s -j ACCEPT", direction, f.Spec.Bridge, dockerComment))
	}
	return rules
}

// dockerRules lists what docker's chain holds, in iptables' words; exists is
// false where there is no docker, or one that uses nftables natively.
func dockerRules(ctx context.Context) (rules []string, exists bool) {
	listed, err := exec.CommandContext(ctx, "iptables", "-w", "5", "-S", dockerChain).Output()
	if err != nil {
		return nil, false // no iptables, or no such chain
	}
	for line := range strings.Lines(string(listed)) {
		if rule, ok := strings.CutPrefix(strings.TrimSpace(line), "-A "+dockerChain+" "); ok {
			rules = append(rules, rule)
		}
	}
	return rules, true
}

// planDocker is the change that docker's chain needs.
func (f *Fabric) planDocker(ctx context.Context) ([]change.Change, error) {
	rules, exists := dockerRules(ctx)
	if !exists {
		return nil, nil
	}
	var missing []string
	for _, accept := range f.accepts() {
		if !slices.Contains(rules, accept) {
			missing = append(missing, accept)
		}
	}
	if len(missing) == 0 {
		return nil, nil
	}
	return []change.Change{{
		Verb: change.Update, Subject: "docker's chain " + dockerChain, Reason: "it lacks " + strings.Join(missing, " and "),
		Apply: func(ctx context.Context, _ change.Progress) error {
			var errs []error
			for _, accept := range missing {
				errs = append(errs, iptables(ctx, "-I", accept))
			}
			return errors.Join(errs...)
		},
	}}, nil
}

// removeDocker is the change that takes our rules, and only those, out of docker's chain.
func (f *Fabric) removeDocker(ctx context.Context) ([]change.Change, error) {
	rules, _ := dockerRules(ctx)
	var ours []string
	for _, rule := range rules {
		if strings.Contains(rule, "--comment "+dockerComment+" ") {
			ours = append(ours, rule)
		}
	}
	if len(ours) == 0 {
		return nil, nil
	}
	return []change.Change{{
		Verb: change.Delete, Subject: "rules in docker's chain " + dockerChain, Reason: strings.Join(ours, " and "),
		Apply: func(ctx context.Context, _ change.Progress) error {
			var errs []error
			for _, rule := range ours {
				errs = append(errs, iptables(ctx, "-D", rule))
			}
			return errors.Join(errs...)
		},
	}}, nil
}

// iptables inserts (-I) or deletes (-D) a rule of docker's chain.
func iptables(ctx context.Context, command, rule string) error {
	args := append([]string{"-w", "5", command, dockerChain}, strings.Fields(rule)...)
	if said, err := exec.CommandContext(ctx, "iptables", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("iptables %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(said)))
	}
	return nil
}
