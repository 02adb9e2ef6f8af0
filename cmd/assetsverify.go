package cmd

import (
	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newAssetsVerify(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Read the whole cache again and compare it with its digests",
		Long: "verify reads every whole file of the cache again. One that is not what came any more is removed, so that the next pull\n" +
			"brings it anew, and the command fails.",
		Example: "  sudo wiabctl assets verify",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				sound, err := installation.VerifyAssets(c.Context())
				if o.output == "plain" {
					c.Printf("%d sound\n", sound)
				}
				return err
			})
		},
	}
}
