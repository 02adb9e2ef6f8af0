package cmd

import (
	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newVMConsole(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "console NAME",
		Short: "Sit down at a VM's serial console; Ctrl-] leaves it",
		Long: "console needs neither network nor sshd on the VM. What was said before is in `wiabctl vm logs NAME`;\n" +
			"press Enter for a prompt, Ctrl-] to leave.",
		Example:           "  sudo wiabctl vm console kubenode1",
		Args:              one,
		ValidArgsFunction: completeOne,
		RunE: func(c *cobra.Command, args []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				if at, ok := terminalOf(c.InOrStdin()); ok {
					c.PrintErrf("the console of %s; Ctrl-] leaves it\r\n", args[0])
					restore, err := at.raw()
					if err != nil {
						return err
					}
					defer restore()
				}
				return installation.AttachConsole(c.Context(), args[0], c.InOrStdin(), c.OutOrStdout())
			})
		},
	}
}

func newVMLogs(o *options) *cobra.Command {
	var follow bool
	c := &cobra.Command{
		Use:               "logs NAME",
		Short:             "Show what a VM's serial console said",
		Example:           "  sudo wiabctl vm logs kubenode1\n  sudo wiabctl vm logs -f kubenode1    # until Ctrl-C",
		Args:              one,
		ValidArgsFunction: completeOne,
		RunE: func(c *cobra.Command, args []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				return installation.VMLog(c.Context(), args[0], follow, c.OutOrStdout())
			})
		},
	}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "go on with what it says from now on")
	return c
}
