package cmd

import (
	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newVMSSH(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "ssh NAME [-- COMMAND...]",
		Short: "Log in to a VM, or run a command on it",
		Long: "ssh logs in with the installation's own key and knows the VM's host key from before its first start: nothing is trusted\n" +
			"on first use, and no known_hosts file is read or written. A command's arguments arrive as they are given here, and its\n" +
			"exit status is wiabctl's.",
		Example:           "  sudo wiabctl vm ssh kubenode1\n  sudo wiabctl vm ssh datanode1 -- sudo journalctl -n 20\n  sudo wiabctl vm ssh datanode1 -- sh -c 'df -h | sort'",
		Args:              one,
		ValidArgsFunction: completeOne,
		RunE: func(c *cobra.Command, args []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				session := provision.Session{Argv: args[1:], In: c.InOrStdin(), Out: c.OutOrStdout(), Err: c.ErrOrStderr()}
				if at, ok := terminalOf(c.InOrStdin()); ok && len(session.Argv) == 0 {
					restore, err := at.attach(c.Context(), &session)
					if err != nil {
						return err
					}
					defer restore()
				}
				status, err := installation.SSH(c.Context(), args[0], session)
				if err == nil && status != 0 {
					return &exitStatus{status}
				}
				return err
			})
		},
	}
}
