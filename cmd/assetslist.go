package cmd

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newAssetsList(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "Tell what is in the cache, and what is still to come",
		Example: "  sudo wiabctl assets list\n  sudo wiabctl assets list --output json    # one file a line",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				all, err := installation.ListAssets(c.Context())
				if err != nil {
					return err
				}
				if o.output == "json" {
					return renderAssetsJSON(c.OutOrStdout(), all)
				}
				return renderAssets(c.OutOrStdout(), all)
			})
		},
	}
}

func renderAssets(out io.Writer, all []provision.Asset) error {
	table := tableOf(out)
	fmt.Fprintln(table, "NAME\tSTATE\tBYTES\tSHA256\tFROM")
	for _, a := range all {
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\n", or(a.Name, "?"), a.State, a.Size, or(a.SHA256, "not known yet"), or(a.From, "nothing needs it"))
	}
	return table.Flush()
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func renderAssetsJSON(out io.Writer, all []provision.Asset) error {
	type line struct {
		Name   string `json:"name"`
		State  string `json:"state"`
		Size   int64  `json:"size_bytes"`
		SHA256 string `json:"sha256,omitempty"`
		From   string `json:"from,omitempty"`
	}
	var lines []line
	for _, a := range all {
		lines = append(lines, line{a.Name, string(a.State), a.Size, a.SHA256, a.From})
	}
	return encode(out, lines...)
}
