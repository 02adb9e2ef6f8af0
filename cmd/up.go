package cmd

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newUp(o *options) *cobra.Command {
	var in intent
	c := &cobra.Command{
		Use:        "up",
		SuggestFor: []string{"install", "apply", "deploy"},
		Short:      "Make the host, the VMs, the cluster and the domains what the configuration says",
		Long: "up compares every stage with the configuration, shows what differs, asks, and changes it. Run again after any failure,\n" +
			"it goes on from there; run again after success, it changes nothing. Ctrl-C finishes what is being changed and stops, a\n" +
			"second one stops at once. With --plan-file it makes exactly what a saved plan says, or refuses.",
		Example: "  sudo wiabctl up\n  sudo wiabctl up --yes                   # where nobody can answer; WIABCTL_YES=1 says it too\n" +
			"  sudo wiabctl up --again helm            # run helm-operations.sh once more\n" +
			"  sudo wiabctl up --again cluster/minio   # play minio.yml once more\n  sudo wiabctl up --from cluster/minio    # and all after it\n" +
			"  sudo wiabctl up --only cluster/minio    # and no other, whatever the others lack\n" +
			"  sudo wiabctl up --reuse-disks           # after down --keep-disks\n  sudo wiabctl up --only host             # prepare the host and no more\n" +
			"  sudo wiabctl up --from helm --skip verify\n  sudo wiabctl up --plan-file plan.json   # after plan --out plan.json",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.up(c, in) },
	}
	o.ordersFlags(c, &in.orders)
	yesFlag(c, &in.yes)
	c.Flags().StringVar(&in.saved, "plan-file", "", "make what this saved plan says, without asking; refuse if there is anything else to do by now")
	c.Flags().DurationVar(&in.timeout, "timeout", 0, "stop after this time, as Ctrl-C does: 90m (default: none)")
	return c
}

// ordersFlags are what a run can be told beside the configuration.
func (o *options) ordersFlags(c *cobra.Command, orders *provision.Orders) {
	c.Flags().StringSliceVar(&orders.Again, "again", nil, "run the script of these stages (cluster, helm), or these playbooks (cluster/minio), once more")
	c.Flags().StringVar(&orders.From, "from", "", "begin with this stage, after preflight; or run this playbook (cluster/minio) and all after it once more")
	c.Flags().BoolVar(&orders.ReuseDisks, "reuse-disks", false, "use disks of ours whose VMs are gone as they are")
	c.Flags().StringSliceVar(&orders.Only, "only", nil, "go through these stages alone, after preflight; or of cluster run these playbooks (cluster/minio) alone")
	c.Flags().StringSliceVar(&orders.Skip, "skip", nil, "leave these stages out")
	ignoreFlag(c, (*[]string)(&orders.Ignore))
	stages := provision.StageNames()
	for flag, complete := range map[string]cobra.CompletionFunc{
		"again": o.completeStages("cluster", "helm"), "from": o.completeStages(stages...), "only": o.completeStages(stages...),
		"skip": listed(provision.StageNames),
	} {
		_ = c.RegisterFlagCompletionFunc(flag, complete)
	}
}

// intent is what a command wants of the installation.
type intent struct {
	orders   provision.Orders
	yes      bool
	saved    string        // the file of a saved plan, which is the yes to just that
	timeout  time.Duration // 0: none
	question string        // empty: whether to make the changes
	domains  []string      // which it is about; empty: all
	// revise gives another configuration than the file holds, and how to write it there once
	// somebody said yes; nil: the file stays as it is.
	revise func() (provision.Config, func() error, error)
}

// up makes the installation under the run lock and tells how it ended.
func (o *options) up(c *cobra.Command, in intent) error {
	check, err := o.saved(&in)
	if err != nil {
		return err
	}
	if _, _, err := o.configuration(in); err != nil { // which needs no lock
		return err
	}
	unlock, err := lock(c)
	if err != nil {
		return err
	}
	defer unlock()                            //nolint:errcheck // the process's end unlocks too
	config, write, err := o.configuration(in) // it may be another file by now
	if err != nil {
		return err
	}
	took := &timing{}
	installation := provision.Open(config, took.noted(o.view(c.OutOrStdout())))
	defer installation.Close()
	if in.timeout > 0 {
		ctx, cancel := context.WithTimeoutCause(c.Context(), in.timeout, provision.TimedOut.Failf("the %s of --timeout are over", in.timeout))
		defer cancel()
		c.SetContext(ctx)
	}
	var made int
	agreed := false
	err = o.recorded(c, installation, func() (err error) {
		made, err = installation.Up(c.Context(), in.orders, func(plans []provision.Planned) error {
			if err := check(installation, plans); err != nil {
				return err
			}
			if err := agree(c, plans, in.yes || in.saved != "", in.ask()); err != nil {
				return err
			}
			agreed = true
			return write()
		})
		return err
	})
	switch {
	case err == nil:
		o.finished(c, installation, in, made, took)
		return nil
	case agreed:
		return stopped(err, forFile("wiabctl up", o.config), made, installation)
	default: // the configuration file is as it was, too
		return refused(err, installation)
	}
}

// configuration is the one to bring into force, and how to write it into its file.
func (o *options) configuration(in intent) (provision.Config, func() error, error) {
	if in.revise != nil {
		return in.revise()
	}
	config, err := o.load()
	return config, func() error { return nil }, err
}

func (in intent) ask() string {
	if in.question == "" {
		return "Make these changes?"
	}
	return in.question
}

// saved reads the saved plan, if there is to be one, whose orders are then those of the run,
// and returns how to compare it with what there is to do.
func (o *options) saved(in *intent) (func(*provision.Installation, []provision.Planned) error, error) {
	if in.saved == "" {
		return func(*provision.Installation, []provision.Planned) error { return nil }, in.orders.Check()
	}
	if !reflect.DeepEqual(in.orders, provision.Orders{}) {
		return nil, provision.BadUsage.Failf("a saved plan says what to do: give no --again, --from, --only, --skip, --reuse-disks with --plan-file, but with plan --out")
	}
	saved, err := provision.ReadPlan(in.saved)
	in.orders = saved.Orders
	return func(i *provision.Installation, plans []provision.Planned) error { return i.CheckSaved(saved, plans) }, err
}

// stopped is the error of a run that stopped on its way, and goes on with the next command.
func stopped(err error, next string, made int, installation *provision.Installation) error {
	return &unfinished{err, fmt.Sprintf("stopped after %s; log: %s; next: %s", changes(made), installation.Log(), next)}
}

// refused is the error of a run that did not begin. Who did not say yes was told already.
func refused(err error, installation *provision.Installation) error {
	if errors.Is(err, provision.NotConfirmed.Failf("")) {
		return err
	}
	return &unfinished{err, "nothing was changed; log: " + installation.Log()}
}
