package cmd

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newAssetsBundle(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "bundle DIR",
		Short: "Fill a directory with all downloads, for a host without internet",
		Long: "bundle writes the artifact, the base image and their digests (SHA256SUMS) into a directory of its own. Copied to a host\n" +
			"without internet and named there by assets.source, it is where everything comes from; the rest of the configuration stays the same.",
		Example: "  sudo wiabctl assets bundle /media/usb/wire",
		Args:    exactlyOne("the name of one directory"),
		RunE: func(c *cobra.Command, args []string) error {
			dir, err := filepath.Abs(args[0])
			if err != nil {
				return err
			}
			return o.with(c, func(installation *provision.Installation) error {
				made, err := installation.BundleAssets(c.Context(), dir)
				return o.counted(c, made, err)
			})
		},
	}
}
