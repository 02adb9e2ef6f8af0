package cmd

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newTopology(o *options) *cobra.Command {
	var svg bool
	c := &cobra.Command{
		Use:     "topology",
		Short:   "Draw the way from the domains over proxies, the public address and the kubenodes to the services",
		Example: "  sudo wiabctl topology\n  sudo wiabctl topology --svg >topology.svg",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				topology, err := installation.Topology()
				if err != nil {
					return err
				}
				text := topology.String()
				if svg {
					text, err = topology.SVG()
				} else if o.output == "json" {
					return encode(c.OutOrStdout(), topology)
				}
				if err != nil {
					return err
				}
				if _, err := io.WriteString(c.OutOrStdout(), text); err != nil {
					return fmt.Errorf("write the picture: %w", err)
				}
				return nil
			})
		},
	}
	c.Flags().BoolVar(&svg, "svg", false, "as a picture")
	return c
}
