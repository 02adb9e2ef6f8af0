package cmd

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newConfigInit(o *options) *cobra.Command {
	a := answers{}
	c := &cobra.Command{
		Use:   "init",
		Short: "Write a new configuration file, with comments; what is not given is asked for",
		Long: "init finds the interface that faces the internet, the address that clients reach and sizes of VMs for which this host has\n" +
			"memory, asks on a terminal for what it cannot find, and writes the file (0600), which nothing overwrites.",
		Example: "  sudo wiabctl config init\n  sudo wiabctl config init --domain green.example.org --email ops@example.org --artifact 5b01f250e128db689715558bad6b5e532cf4a7a0",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := provision.Vacant(o.config); err != nil {
				return err
			}
			return o.draft(c, a, provision.SurveyHost())
		},
	}
	a.flags(c)
	return c
}

// answers are what the command line says of a new configuration.
type answers struct{ domain, email, artifact, address string }

func (a *answers) flags(c *cobra.Command) {
	c.Flags().StringVar(&a.domain, "domain", "", "the default domain")
	c.Flags().StringVar(&a.email, "email", "", "gets notices about certificates")
	c.Flags().StringVar(&a.artifact, "artifact", "", "hash or URL of the build of wire-server-deploy")
	c.Flags().StringVar(&a.address, "public-address", "", "IPv4 address that clients reach (default: the interface's own, where it is no private one)")
}

// question is for a field that has to be known.
type question struct {
	path  string // of the field
	flag  string // that answers it
	given string // what the flag says
	text  string
	known func(d provision.Draft) bool
	put   func(d *provision.Draft, answer string) error
}

// questions are all, in the order in which they are asked where nobody says the answer.
func (a answers) questions() []question {
	return []question{
		{"domain", "domain", a.domain, "the default domain, below which webapp. and five more names will lead to this host",
			func(d provision.Draft) bool { return d.Domain != "" },
			func(d *provision.Draft, answer string) error { d.Domain = answer; return nil }},
		{"email", "email", a.email, "the mail address for notices about certificates",
			func(d provision.Draft) bool { return d.Email != "" },
			func(d *provision.Draft, answer string) error { d.Email = answer; return nil }},
		{"artifact", "artifact", a.artifact, "the hash of the build of wire-server-deploy, which Wire's support tells, or a URL",
			func(d provision.Draft) bool { return d.Artifact != "" },
			func(d *provision.Draft, answer string) error { d.Artifact = answer; return nil }},
		{"network.public_address", "public-address", a.address, "the IPv4 address that clients reach",
			func(d provision.Draft) bool { return d.PublicAddress.IsValid() },
			func(d *provision.Draft, answer string) (err error) {
				d.PublicAddress, err = netip.ParseAddr(answer)
				return err
			}},
	}
}

// draft completes a draft by the command line, then by asking, and writes it.
func (o *options) draft(c *cobra.Command, a answers, survey provision.Survey) error {
	for _, note := range survey.Notes {
		c.PrintErrln(note)
	}
	in := bufio.NewReader(c.InOrStdin())
	_, person := terminalOf(c.InOrStdin())
	for _, q := range a.questions() {
		if q.given != "" {
			if err := q.answer(&survey.Draft, q.given); err != nil {
				return provision.BadUsage.Failf("--%s: %w", q.flag, err)
			}
		}
		for !q.known(survey.Draft) {
			if !person {
				return provision.BadUsage.Failf("--%s is missing, and nobody can be asked here: it is %s", q.flag, q.text)
			}
			if err := q.ask(c, in, &survey.Draft); err != nil {
				return err
			}
		}
	}
	if err := survey.Write(o.config); err != nil {
		return err
	}
	if o.output == "json" {
		return encode(c.OutOrStdout(), map[string]string{"file": o.config})
	}
	fmt.Fprintf(c.OutOrStdout(), "%s is written; next: `wiabctl domain dns --records`, `wiabctl plan`, `wiabctl up`\n", o.config)
	return nil
}

// ask asks a person once; a wrong answer is told, and leaves the draft as it is.
func (q question) ask(c *cobra.Command, in *bufio.Reader, d *provision.Draft) error {
	c.PrintErr(strings.ToUpper(q.text[:1]) + q.text[1:] + ": ")
	typed, err := line(c, in)
	if errors.Is(err, io.EOF) {
		return provision.NotConfirmed.Failf("nobody answered; nothing was written")
	}
	if err != nil {
		return err
	}
	if answer := strings.TrimSpace(typed); answer != "" {
		if err := q.answer(d, answer); err != nil {
			c.PrintErrln(err)
		}
	}
	return nil
}

// answer puts the answer into the draft, if it can stand there.
func (q question) answer(d *provision.Draft, answer string) error {
	with := *d
	if err := q.put(&with, answer); err != nil {
		return err
	}
	wrong, err := with.Wrong(q.path)
	if err != nil {
		return err
	}
	if wrong != "" {
		return fmt.Errorf("%s %s", q.path, wrong)
	}
	*d = with
	return nil
}
