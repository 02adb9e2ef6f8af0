package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newUp(o *options) *cobra.Command {
	var orders provision.Orders
	c := &cobra.Command{
		Use:   "up",
		Short: "Make the host, the VMs, the cluster and the domains what the configuration says",
		Long: "up compares every stage with the configuration and changes what differs. Run again after any failure, it goes\n" +
			"on from there; run again after success, it changes nothing.",
		Example: "  sudo wiabctl up\n  sudo wiabctl up --again helm            # run helm-operations.sh once more\n" +
			"  sudo wiabctl up --again cluster/minio   # play minio.yml once more\n  sudo wiabctl up --from cluster/minio    # and all after it\n" +
			"  sudo wiabctl up --only cluster/minio    # and no other, whatever the others lack\n" +
			"  sudo wiabctl up --reuse-disks           # after down --keep-disks\n  sudo wiabctl up --only host             # prepare the host and no more",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := orders.Check(); err != nil {
				return err
			}
			return o.up(c, "up", orders, nil)
		},
	}
	c.Flags().StringSliceVar(&orders.Again, "again", nil, "run the script of these stages (cluster, helm), or these playbooks (cluster/minio), once more")
	c.Flags().StringVar(&orders.From, "from", "", "run this playbook (cluster/minio) and all after it once more")
	c.Flags().BoolVar(&orders.ReuseDisks, "reuse-disks", false, "use disks of ours whose VMs are gone as they are")
	c.Flags().StringSliceVar(&orders.Only, "only", nil, "go through these stages alone, after preflight; or of cluster run these playbooks (cluster/minio) alone")
	_ = c.RegisterFlagCompletionFunc("only", o.completeStages(provision.StageNames()...))
	_ = c.RegisterFlagCompletionFunc("again", o.completeStages("cluster", "helm"))
	_ = c.RegisterFlagCompletionFunc("from", o.completeStages())
	return c
}

// up makes the installation under the run lock and tells how it ended. If there is
// something to do to the configuration file, that comes first, under the same lock.
func (o *options) up(c *cobra.Command, command string, orders provision.Orders, edit func() error) error {
	if _, err := o.load(); err != nil {
		return err
	}
	unlock, err := provision.Lock(command)
	if err != nil {
		return err
	}
	defer unlock() //nolint:errcheck // the process's end unlocks too
	if edit != nil {
		if err := edit(); err != nil {
			return err
		}
	}
	installation, err := o.open(c.OutOrStdout())
	if err != nil {
		return err
	}
	defer installation.Close()
	var made int
	err = o.recorded(c, installation, func() (err error) {
		made, err = installation.Up(c.Context(), orders)
		return err
	})
	if err != nil {
		return &unfinished{err, fmt.Sprintf("stopped after %s; log: %s; next: wiabctl up", changes(made), installation.Log())}
	}
	if o.output == "plain" {
		fmt.Fprintf(c.OutOrStdout(), "%s\n", changes(made))
		if len(orders.Only) > 0 {
			return nil // whether the domains answer was not looked at
		}
		for _, address := range installation.Addresses() {
			fmt.Fprintln(c.OutOrStdout(), address)
		}
	}
	return nil
}
