package network

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"github.com/google/nftables"

	"wiabctl/provision/change"
)

// dockerChain is where docker lets others put rules before its own; docker may
// set FORWARD's policy to DROP, which no accept elsewhere can overrule.
const dockerChain = "DOCKER-USER"

// dockerComment marks our rules in docker's chain.
const dockerComment = "wiabctl"

// accepts are our rules in docker's chain, in iptables' words: between the VMs,
// from them to the internet, and back. What comes in has passed our own chain
// "forward". Plain matches show the same in every tool.
func (f *Fabric) accepts() ([]string, error) {
	up, err := f.Spec.Uplink()
	if err != nil {
		return nil, err
	}
	var rules []string
	for _, w := range f.through(up) {
		rules = append(rules, fmt.Sprintf("-i %s -o %s -m comment --comment %s -j ACCEPT", w.from, w.to, dockerComment))
	}
	return rules, nil
}

// through are the ways through this host that the deployment needs.
func (f *Fabric) through(up Uplink) []way {
	ways := []way{{f.Spec.Bridge, f.Spec.Bridge}}
	for _, wan := range up.WAN {
		ways = append(ways, way{f.Spec.Bridge, wan}, way{wan, f.Spec.Bridge})
	}
	return ways
}

// dockerRules lists what docker's chain holds, in iptables' words; exists is
// false where there is no docker, or one that uses nftables natively.
func dockerRules(ctx context.Context) (rules []string, exists bool, err error) {
	listed, err := command(ctx, "iptables", "-w", "5", "-S", dockerChain)
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, false, nil
	case err != nil:
		none, unsure := chainless(err)
		if none {
			return nil, false, nil
		}
		return nil, false, errors.Join(err, unsure)
	}
	for line := range strings.Lines(listed) {
		if rule, ok := strings.CutPrefix(strings.TrimSpace(line), "-A "+dockerChain+" "); ok {
			rules = append(rules, rule)
		}
	}
	return rules, true, nil
}

// chainless says whether iptables' complaint means that there is no such chain.
// iptables 1.8.9 calls a missing one incompatible; nftables knows better.
func chainless(complaint error) (bool, error) {
	said := complaint.Error()
	if strings.Contains(said, "No chain/target/match by that name") || strings.Contains(said, "Table does not exist") {
		return true, nil
	}
	if !strings.Contains(said, "chain `"+dockerChain+"' in table `filter' is incompatible") {
		return false, nil
	}
	conn, err := nftables.New()
	if err != nil {
		return false, err
	}
	chains, err := conn.ListChainsOfTableFamily(nftables.TableFamilyIPv4)
	if err != nil {
		return false, fmt.Errorf("listing the chains of nftables: %w", err)
	}
	return !slices.ContainsFunc(chains, func(c *nftables.Chain) bool { return c.Table.Name == "filter" && c.Name == dockerChain }), nil
}

// planDocker is the change that docker's chain needs: a bridge or WAN that had
// another name leaves rules of ours behind.
func (f *Fabric) planDocker(ctx context.Context) ([]change.Change, error) {
	rules, exists, err := dockerRules(ctx)
	if err != nil || !exists {
		return nil, err
	}
	wanted, err := f.accepts()
	if err != nil {
		return nil, err
	}
	missing, surplus := lacking(wanted, rules), lacking(ours(rules), wanted)
	var reasons []string
	if len(missing) > 0 {
		reasons = append(reasons, "it lacks "+strings.Join(missing, " and "))
	}
	if len(surplus) > 0 {
		reasons = append(reasons, "it still has "+strings.Join(surplus, " and "))
	}
	if len(reasons) == 0 {
		return nil, nil
	}
	return []change.Change{{
		Verb: change.Update, Subject: "docker's chain " + dockerChain, Reason: strings.Join(reasons, "; "),
		Apply: func(ctx context.Context, _ change.Progress) error {
			return errors.Join(iptables(ctx, "-I", missing), iptables(ctx, "-D", surplus))
		},
	}}, nil
}

// ours are the rules that bear our comment.
func ours(rules []string) []string {
	return slices.DeleteFunc(slices.Clone(rules), func(rule string) bool { return !strings.Contains(rule, "--comment "+dockerComment+" ") })
}

// lacking are the first rules that are not among the second.
func lacking(these, those []string) []string {
	return slices.DeleteFunc(slices.Clone(these), func(rule string) bool { return slices.Contains(those, rule) })
}

// removeDocker is the change that takes our rules, and only those, out of docker's chain.
func (f *Fabric) removeDocker(ctx context.Context) ([]change.Change, error) {
	rules, _, err := dockerRules(ctx)
	if err != nil {
		return nil, err
	}
	found := ours(rules)
	if len(found) == 0 {
		return nil, nil
	}
	return []change.Change{{
		Verb: change.Delete, Subject: "rules in docker's chain " + dockerChain, Reason: strings.Join(found, " and "),
		Apply: func(ctx context.Context, _ change.Progress) error { return iptables(ctx, "-D", found) },
	}}, nil
}

// iptables inserts (-I) or deletes (-D) rules of docker's chain.
func iptables(ctx context.Context, verb string, rules []string) error {
	var errs []error
	for _, rule := range rules {
		_, err := command(ctx, "iptables", append([]string{"-w", "5", verb, dockerChain}, strings.Fields(rule)...)...)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
