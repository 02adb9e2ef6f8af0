package cmd

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newVM(o *options) *cobra.Command {
	c := &cobra.Command{
		Use:   "vm",
		Short: "List the VMs, log in to them, see their consoles, start and stop them",
		Args:  noArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newVMList(o), newVMSSH(o), newVMConsole(o), newVMLogs(o), newVMStart(o), newVMStop(o), newVMRestart(o))
	return c
}

// one takes the name of one VM; what stands behind -- is no concern of it.
func one(c *cobra.Command, args []string) error {
	if dash := c.ArgsLenAtDash(); dash >= 0 {
		args = args[:dash]
	}
	if err := exactlyOne("the name of one VM")(c, args); err != nil {
		return err
	}
	return known(args)
}

// known refuses names that no VM has.
func known(names []string) error {
	for _, name := range names {
		if !slices.Contains(provision.VMNames(), name) {
			return provision.BadUsage.Failf("there is no VM %q; there are %s", name, strings.Join(provision.VMNames(), ", "))
		}
	}
	return nil
}

// completeOne offers the VMs' names for the only argument.
func completeOne(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return completeMany(c, args, "")
}

// completeMany offers the names that are not given yet.
func completeMany(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return without(provision.VMNames(), args), cobra.ShellCompDirectiveNoFileComp
}

// without are the names that are not given yet.
func without(names, given []string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(given, name) })
}
