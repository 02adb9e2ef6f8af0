package cmd

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

// patience is how long a person who pressed Tab waits for offers.
const patience = 2 * time.Second

// offering is the context of a command line, which is not a long one where a shell asks what could stand there.
func offering(ctx context.Context, args []string) (context.Context, context.CancelFunc) {
	if len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd) {
		return context.WithTimeout(ctx, patience)
	}
	return context.WithCancel(ctx)
}

// refuseInCompletion adds cobra's command that prints scripts for shells, which refuses as ours do. It prints to what
// the output is by now.
func refuseInCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() != "completion" {
			continue
		}
		c.Args, c.RunE = noArgs, func(c *cobra.Command, _ []string) error { return c.Help() }
		for _, shell := range c.Commands() {
			shell.Args = noArgs
		}
	}
}

// completeAllDomains offers the domains that are not given yet, the default one too.
func (o *options) completeAllDomains(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	config, err := o.load()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	all := append([]string{config.Ingress.Domain}, domainsOf(config.Ingress.Domains)...)
	return without(all, args), cobra.ShellCompDirectiveNoFileComp
}

// completeProxied offers the domains that have a proxy, for the only argument.
func (o *options) completeProxied(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	config, err := o.load()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var all []string
	for _, domain := range append([]string{config.Ingress.Domain}, domainsOf(config.Ingress.Domains)...) {
		if proxy, _ := config.Ingress.ProxyOf(domain); proxy != nil {
			all = append(all, domain)
		}
	}
	return all, cobra.ShellCompDirectiveNoFileComp
}

// completeSnapshots offers the snapshots that there are, for the only argument.
func (o *options) completeSnapshots(c *cobra.Command, args []string, _ string) (names []cobra.Completion, _ cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	_ = o.with(c, func(installation *provision.Installation) error {
		all, err := installation.Snapshots(c.Context())
		for _, s := range all {
			names = append(names, cobra.CompletionWithDesc(s.Name, s.Description))
		}
		return err
	})
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeStages offers stages, and of those that have playbooks these, as "cluster/minio".
func (o *options) completeStages(stages ...string) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return listed(func() []cobra.Completion {
			all := slices.Clone(stages)
			_ = o.with(c, func(installation *provision.Installation) error {
				playbooks, err := installation.Playbooks(c.Context())
				all = append(all, playbooks...)
				return err
			})
			return all
		})(c, args, typed)
	}
}

// listed offers for a list with commas what is not in it yet.
func listed(all func() []cobra.Completion) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) (offers []cobra.Completion, _ cobra.ShellCompDirective) {
		before := typed[:strings.LastIndex(typed, ",")+1]
		for _, one := range without(all(), strings.Split(before, ",")) {
			offers = append(offers, before+one)
		}
		return offers, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeSettings offers the fields that --set takes.
func completeSettings(*cobra.Command, []string, string) (all []cobra.Completion, _ cobra.ShellCompDirective) {
	for _, path := range provision.Settable() {
		all = append(all, path+"=")
	}
	return all, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
}
