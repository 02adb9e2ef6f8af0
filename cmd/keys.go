package cmd

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newKeys(o *options) *cobra.Command {
	c := &cobra.Command{
		Use:   "keys",
		Short: "List the SSH keys that wiabctl made, and replace them",
		Args:  noArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newKeysList(o), newKeysRotate(o))
	return c
}

func newKeysList(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "Tell of every key its fingerprint, when it was made and what it is for",
		Example: "  sudo wiabctl keys list\n  sudo wiabctl keys list --output json    # one key a line",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				keys, err := installation.Keys(c.Context())
				if err != nil {
					return err
				}
				if o.output == "json" {
					return encode(c.OutOrStdout(), keys...)
				}
				return renderKeys(c.OutOrStdout(), keys)
			})
		},
	}
}

func newKeysRotate(o *options) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use:   "rotate [user|admin|host]...",
		Short: "Replace keys by new ones; the old ones open nothing any more",
		Long: "rotate shows which keys it would replace, all if none is named, and asks. user opens the VMs, admin opens this host to\n" +
			"wiabctl, host are the seven by which the VMs prove themselves. The VMs run on. An old key is taken away once the new\n" +
			"one has opened the machine, and a login with it has to be refused. Interrupted, run it or `wiabctl up` again.",
		Example:           "  sudo wiabctl keys rotate\n  sudo wiabctl keys rotate user --yes    # where nobody can answer",
		ValidArgsFunction: completeKinds,
		Args:              keyKinds,
		RunE: func(c *cobra.Command, kinds []string) error {
			return o.locked(c, func(installation *provision.Installation) error {
				plans, err := installation.PlanKeyRotation(c.Context(), kinds)
				if err != nil {
					return err
				}
				return o.carry(c, installation, plans, yes, "Replace them?")
			})
		},
	}
	yesFlag(c, &yes)
	return c
}

// keyKinds refuses what is no kind of keys.
func keyKinds(_ *cobra.Command, kinds []string) error {
	for _, kind := range kinds {
		if !slices.Contains(provision.KeyKinds(), kind) {
			return provision.BadUsage.Failf("there are no keys of the kind %q; there are %s", kind, strings.Join(provision.KeyKinds(), ", "))
		}
	}
	return nil
}

func completeKinds(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	left := slices.DeleteFunc(provision.KeyKinds(), func(kind string) bool { return slices.Contains(args, kind) })
	return left, cobra.ShellCompDirectiveNoFileComp
}
