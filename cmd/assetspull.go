package cmd

import (
	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newAssetsPull(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "pull",
		Short: "Download what the configuration needs, ahead of time",
		Long: "pull brings the artifact and the base image into the cache and changes nothing else. Interrupted, it goes on where it\n" +
			"stopped. It may run beside any other wiabctl.",
		Example: "  sudo wiabctl assets pull",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				made, err := installation.PullAssets(c.Context())
				return o.counted(c, made, err)
			})
		},
	}
}

// counted says how many changes were made, also when something went wrong.
func (o *options) counted(c *cobra.Command, made int, err error) error {
	if o.output == "plain" {
		c.Println(changes(made))
	}
	return err
}
