package cmd

import (
	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newAssetsPrune(o *options) *cobra.Command {
	var all, yes bool
	c := &cobra.Command{
		Use:   "prune",
		Short: "Remove from the cache what the configuration does not need",
		Long: "prune shows what it would remove and asks. With --all the whole cache goes: a finished installation needs none of it, and\n" +
			"what is needed again is downloaded again. Digests stay known.",
		Example: "  sudo wiabctl assets prune\n  sudo wiabctl assets prune --all --yes",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				plans, err := installation.PlanPrune(all)
				if err != nil {
					return err
				}
				installation.Tell(plans)
				if err := agree(c, plans, yes, "Remove all of this?"); err != nil {
					return err
				}
				made, err := installation.Make(c.Context(), plans)
				return o.counted(c, made, err)
			})
		},
	}
	c.Flags().BoolVar(&all, "all", false, "remove what the configuration needs, too")
	yesFlag(c, &yes)
	return c
}
