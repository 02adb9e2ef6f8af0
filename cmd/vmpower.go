package cmd

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newVMStart(o *options) *cobra.Command {
	return o.power(&cobra.Command{
		Use:     "start NAME...",
		Short:   "Start VMs and wait until they are ready",
		Example: "  sudo wiabctl vm start kubenode1 kubenode2\n  sudo wiabctl vm start --all",
	}, (*provision.Installation).StartVMs)
}

func newVMStop(o *options) *cobra.Command {
	var force bool
	c := o.power(&cobra.Command{
		Use:     "stop NAME...",
		Short:   "Shut VMs down",
		Long:    "stop asks the guests to shut down, which databases need to write out what they hold, and cuts off those that take longer\nthan five minutes. The next `wiabctl up` starts them again.",
		Example: "  sudo wiabctl vm stop datanode3\n  sudo wiabctl vm stop --all\n  sudo wiabctl vm stop --force kubenode1    # as if its cable was pulled",
	}, func(i *provision.Installation, ctx context.Context, names []string) (int, error) {
		return i.StopVMs(ctx, names, force)
	})
	c.Flags().BoolVar(&force, "force", false, "cut them off at once")
	return c
}

func newVMRestart(o *options) *cobra.Command {
	var force bool
	c := o.power(&cobra.Command{
		Use:     "restart NAME...",
		Short:   "Stop and start VMs one after the other, each when the one before is ready",
		Example: "  sudo wiabctl vm restart kubenode1",
	}, func(i *provision.Installation, ctx context.Context, names []string) (int, error) {
		return i.RestartVMs(ctx, names, force)
	})
	c.Flags().BoolVar(&force, "force", false, "cut them off at once instead of shutting them down")
	return c
}

// power completes a command that does something to some VMs, or to all, under the run lock.
func (o *options) power(c *cobra.Command, act func(*provision.Installation, context.Context, []string) (int, error)) *cobra.Command {
	var all bool
	c.Flags().BoolVar(&all, "all", false, "all VMs")
	c.ValidArgsFunction = completeMany
	c.Args = func(c *cobra.Command, args []string) error {
		if all == (len(args) > 0) {
			return provision.BadUsage.Failf("%s takes the names of VMs, or --all", c.CommandPath())
		}
		return known(args)
	}
	c.RunE = func(c *cobra.Command, names []string) error {
		if all {
			names = provision.VMNames()
		}
		return o.locked(c, func(installation *provision.Installation) error {
			made, err := act(installation, c.Context(), distinct(names))
			if err == nil && o.output == "plain" {
				c.Println(changes(made))
			}
			return err
		})
	}
	return c
}

// distinct are the names without repetitions.
func distinct(names []string) []string {
	var all []string
	for _, name := range names {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}
