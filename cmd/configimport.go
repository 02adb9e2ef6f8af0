package cmd

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"wiabctl/provision"
	"wiabctl/provision/change"
)

func newConfigImport(o *options) *cobra.Command {
	a := answers{}
	c := &cobra.Command{
		Use:   "import INVENTORY",
		Short: "Write a new configuration file from the inventory of wire-server-deploy's playbook",
		Long: "import reads ansible/inventory/demo/wiab-staging.yml as it was filled in for the playbook, and tells of each line what it\n" +
			"becomes, or why it becomes nothing. What the inventory does not say (domain, mail address) is taken from flags or asked for,\n" +
			"as by init. It reads that one file, and changes nothing that the playbook made.",
		Example: "  sudo wiabctl config import ansible/inventory/demo/wiab-staging.yml\n" +
			"  wiabctl config import wiab-staging.yml -c draft.yaml --domain green.example.org --email ops@example.org --public-address 203.0.113.10",
		Args:              exactlyOne("the file of one inventory"),
		ValidArgsFunction: cobra.FixedCompletions([]cobra.Completion{"yml", "yaml"}, cobra.ShellCompDirectiveFilterFileExt),
		RunE: func(c *cobra.Command, args []string) error {
			text, err := os.ReadFile(args[0])
			if err != nil {
				return provision.BadUsage.Failf("the inventory: %w", err)
			}
			draft, told, err := provision.ImportInventory(args[0], text)
			if err != nil {
				return err
			}
			if err := provision.Vacant(o.config); err != nil {
				return err
			}
			if err := o.renderImported(c, args[0], told); err != nil {
				return err
			}
			return o.draft(c, a, provision.SurveyHost().Under(draft))
		},
	}
	a.flags(c)
	return c
}

// renderImported tells of each line of an inventory what it becomes.
func (o *options) renderImported(c *cobra.Command, file string, told []provision.Imported) error {
	if o.output == "json" {
		return encode(c.OutOrStdout(), told...)
	}
	for _, line := range told {
		text := fmt.Sprintf("%s:%d: %s", file, line.Line, line.Name)
		if line.Becomes != "" {
			text += " becomes " + line.Becomes
		} else {
			text += " becomes nothing"
		}
		if line.Why != "" {
			text += ": " + line.Why
		}
		fmt.Fprintln(c.OutOrStdout(), change.Printable(text))
	}
	return nil
}
