package cmd

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newSecrets(o *options) *cobra.Command {
	c := &cobra.Command{
		Use:   "secrets",
		Short: "Check whether the installation's secrets fit together",
		Args:  noArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newSecretsCheck(o))
	return c
}

func newSecretsCheck(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Tell for each secret whether it is the same wherever it has to be, and a key where it has to be one",
		Long: "check compares what upstream's scripts made with itself, with what wiabctl keeps of it, and with the cluster's: the keys of\n" +
			"MinIO, the TURN secret, zauth's key pairs, the keys of MLS, the password of PostgreSQL. It shows no secret. `wiabctl up`\n" +
			"makes the same check before it deploys anything.",
		Example: "  sudo wiabctl secrets check\n  sudo wiabctl secrets check --output json    # one check a line",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				findings, err := installation.CheckSecrets(c.Context())
				if len(findings) == 0 {
					return err
				}
				render := renderSecrets
				if o.output == "json" {
					render = encode[provision.SecretFinding]
				}
				return errors.Join(err, render(c.OutOrStdout(), findings...))
			})
		},
	}
}

// renderSecrets lists what the checks found, one a line.
func renderSecrets(out io.Writer, findings ...provision.SecretFinding) error {
	table := tableOf(out)
	fmt.Fprintln(table, "SECRET\tRESULT\tWHERE")
	for _, f := range findings {
		result := "ok"
		if f.Problem != "" {
			result = "problem: " + f.Problem
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.Check, result, strings.Join(f.Places, ", "))
	}
	return table.Flush()
}
