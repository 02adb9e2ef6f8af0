package cmd

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

// options are the flags that every command takes.
type options struct {
	config string
	output string
	set    []string // fields of the configuration, "path=value"
}

const defaultConfig = "/etc/wiabctl/wiabctl.yaml"

// variables are those of the environment that are flags' defaults; all others that begin so
// are of fields of the configuration.
var variables = []string{"WIABCTL_CONFIG", "WIABCTL_OUTPUT", "WIABCTL_YES"}

// Execute runs the command line and returns the process's exit code: 0, the code
// of the first failure, or that of a program that ran on a VM.
func Execute(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	refuseInCompletion(root)
	refuseInHelp(root)
	asked, cancel := offering(ctx, args)
	defer cancel()
	c, err := root.ExecuteContextC(asked)
	file, _ := root.PersistentFlags().GetString("config")
	code := conclude(ctx, err, file, errOut)
	renderUsage(errOut, c, err)
	return code
}

// conclude tells what went wrong with the configuration file, if anything did, and returns the exit code.
func conclude(ctx context.Context, err error, file string, errOut io.Writer) int {
	if err == nil {
		return 0
	}
	if status, ok := errors.AsType[*exitStatus](err); ok {
		return status.code // what there is to say, the program said
	}
	if ctx.Err() != nil && !errors.Is(err, provision.Interrupted.Failf("")) {
		err = errors.Join(provision.Interrupted.Failf("stopped by a signal"), err)
	}
	renderError(errOut, err, file)
	return provision.KindsOf(err)[0].Exit
}

// Command is the whole command line, for programs that describe it.
func Command() *cobra.Command {
	root := newRoot()
	refuseInCompletion(root)
	return root
}

func newRoot() *cobra.Command {
	var o options
	root := &cobra.Command{
		Use:   "wiabctl",
		Short: "Wire in a Box, staging: from a bare KVM host to a proven installation under many domains",
		Long: "wiabctl turns a bare-metal Linux host into a Wire-in-a-Box staging installation (seven VMs, Kubernetes,\n" +
			"the Wire backend) and makes that one backend reachable under as many domains as wanted.\n" +
			"Every command compares the host with one configuration file; run again after any failure, it goes on from there.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.PersistentFlags().StringVarP(&o.config, "config", "c", fromEnvironment("WIABCTL_CONFIG", defaultConfig), "configuration file")
	root.PersistentFlags().StringVarP(&o.output, "output", "o", fromEnvironment("WIABCTL_OUTPUT", "plain"), "plain or json, one event a line")
	root.PersistentFlags().StringArrayVar(&o.set, "set", nil, "path=value of a field of the configuration, above the file and the environment, for this run")
	_ = root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]cobra.Completion{"plain", "json"}, cobra.ShellCompDirectiveNoFileComp))
	_ = root.RegisterFlagCompletionFunc("set", completeSettings)
	root.SetFlagErrorFunc(badFlag)
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		if o.output != "plain" && o.output != "json" {
			return provision.BadUsage.Failf("--output %q is neither plain nor json", o.output)
		}
		_, err := saysYes()
		return err
	}
	group(root, "Make an installation:", newConfig(&o), newPreflight(&o), newPlan(&o), newUp(&o), newDown(&o))
	group(root, "See how it is:", newStatus(&o), newReport(&o), newTopology(&o), newHistory(&o))
	group(root, "Its domains:", newAddDomain(&o), newRemoveDomain(&o), newDomain(&o), newProxy(&o))
	group(root, "Look after it:", newAssets(&o), newRollback(&o), newSnapshot(&o), newKeys(&o), newSecrets(&o), newNetwork(&o))
	group(root, "Work inside it:", newVM(&o), newKubectl(&o), newHelm(&o), newD(&o), newKubeconfig(&o))
	group(root, "When something goes wrong:", newExplain(&o), newLogs(&o), newAttach(&o), newCancel(&o), newSupport(&o))
	root.AddCommand(newVersion(&o), newExitCodes())
	return root
}

// group puts commands under a title of the help.
func group(root *cobra.Command, title string, commands ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: title, Title: title})
	for _, c := range commands {
		c.GroupID = title
	}
	root.AddCommand(commands...)
}

// fromEnvironment is a flag's default: the variable's value, if it is not empty.
func fromEnvironment(name, otherwise string) string { return cmp.Or(os.Getenv(name), otherwise) }
