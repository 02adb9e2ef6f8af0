package cmd

import (
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newAddDomain(o *options) *cobra.Command {
	a := addition{}
	var yes bool
	c := &cobra.Command{
		Use:        "add-domain DOMAIN...",
		SuggestFor: []string{"add"},
		Short:      "Make the backend reachable under further domains, without touching the others",
		Long: "add-domain shows what up would do with the domains, asks, writes them into the configuration file, whose comments and\n" +
			"layout stay, and runs up: the file remains the single description of what should be. A domain that is there already is no error. However many come,\n" +
			"the backend is rolled out once.",
		Example: "  sudo wiabctl add-domain red.example.com\n  sudo wiabctl add-domain blue.example.net --cert blue.pem --key blue.key\n" +
			"  sudo wiabctl add-domain --file shops.yaml    # a list as under domains: in the configuration file",
		Args: func(_ *cobra.Command, args []string) error { return a.check(args) },
		RunE: func(c *cobra.Command, args []string) error {
			list, err := a.domains(c, args)
			if err != nil {
				return err
			}
			return o.edit(c, intent{yes: yes, domains: domainsOf(list.Domains)}, provision.Adding(list))
		},
	}
	yesFlag(c, &yes)
	c.Flags().StringVarP(&a.file, "file", "f", "", "a YAML file with a list of domains, - for standard input")
	c.Flags().StringVar(&a.one.Name, "name", "", "DNS label for the domain's release (default: its first label)")
	c.Flags().StringVar(&a.one.Title, "title", "", "what apps show for the backend (default: the domain)")
	c.Flags().StringVar(&a.one.Certificate.Cert, "cert", "", "own certificate with its chain, PEM")
	c.Flags().StringVar(&a.one.Certificate.Key, "key", "", "the certificate's key, PEM")
	c.Flags().BoolVar(&a.one.Certificate.Staging, "staging", false, "certificates of Let's Encrypt's staging server, which no client trusts")
	return c
}

// edit makes the installation by an edited configuration file, which is written once
// somebody said yes to what that comes to.
func (o *options) edit(c *cobra.Command, in intent, edit provision.Edit) error {
	overrides, err := o.overrides()
	if err != nil {
		return err
	}
	in.revise = func() (provision.Config, func() error, error) {
		config, err := edit.Check(c.Context(), o.config, overrides...)
		return config, func() error { return edit.Make(c.Context(), o.config, overrides...) }, err
	}
	return o.up(c, in)
}

// addition is what the command line says of domains to add.
type addition struct {
	file string
	one  provision.Domain // what the flags say of each
}

// check refuses a command line that contradicts itself.
func (a *addition) check(args []string) error {
	own := a.one.Certificate
	of := a.one.Name != "" || a.one.Title != "" || own.Cert != "" || own.Key != ""
	switch {
	case a.file == "" && len(args) == 0:
		return provision.BadUsage.Failf("add-domain takes domains, or a list of them with --file")
	case a.file != "" && (len(args) > 0 || of || own.Staging):
		return provision.BadUsage.Failf("--file says all of its domains: give no other domain and no flag of one")
	case len(args) > 1 && of:
		return provision.BadUsage.Failf("--name, --title, --cert and --key belong to one domain, here are %d: add them one by one, or with --file", len(args))
	case (own.Cert == "") != (own.Key == ""):
		return provision.BadUsage.Failf("--cert and --key belong together")
	}
	return nil
}

// domains are those to add.
func (a *addition) domains(c *cobra.Command, args []string) (provision.List, error) {
	if a.file != "" {
		return readDomains(c, a.file)
	}
	var all provision.List
	for _, arg := range args {
		d, err := provision.Anchored(a.one, "")
		if err != nil {
			return all, err
		}
		d.Domain = arg
		all.Domains = append(all.Domains, d)
	}
	return all, nil
}

// readDomains reads the list in a file, or from standard input.
func readDomains(c *cobra.Command, file string) (provision.List, error) {
	if file == "-" {
		text, err := reading(c, func() ([]byte, error) { return io.ReadAll(c.InOrStdin()) })
		if err != nil {
			return provision.List{}, err
		}
		return provision.ReadDomains("the list on standard input", "", text)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return provision.List{}, provision.BadUsage.Failf("the list of domains: %w", err)
	}
	return provision.ReadDomains(file, filepath.Dir(file), text)
}

// domainsOf are the domains as they are written.
func domainsOf(all []provision.Domain) []string {
	var names []string
	for _, d := range all {
		names = append(names, d.Domain)
	}
	return names
}
