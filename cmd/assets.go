package cmd

import "github.com/spf13/cobra"

func newAssets(o *options) *cobra.Command {
	c := &cobra.Command{
		Use:   "assets",
		Short: "Bring, list, verify, prune and bundle what an installation downloads",
		Long: "An installation needs two files from elsewhere: the artifact of wire-server-deploy and the VMs' base image. They are kept\n" +
			"in a cache (assets.cache), each under its digest; what came half stays, and the next run goes on from there.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newAssetsPull(o), newAssetsList(o), newAssetsVerify(o), newAssetsPrune(o), newAssetsBundle(o))
	return c
}
