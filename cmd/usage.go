package cmd

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wiabctl/provision"
)

// noArgs refuses arguments, among them misspelt commands.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return provision.BadUsage.Failf("%s knows no %q%s", c.CommandPath(), args[0], meant(c, args[0]))
	}
	return nil
}

// meant ends a sentence about a command that there is not, with the one that it seems to mean:
// of a similar name beside it, or of the same name elsewhere.
func meant(c *cobra.Command, word string) string {
	if !c.HasSubCommands() {
		return ""
	}
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	if near := provision.Nearest(word, names); near != "" {
		return fmt.Sprintf("; did you mean `%s %s`?", c.CommandPath(), near)
	}
	if there := named(c.Root(), word); there != nil {
		return fmt.Sprintf("; did you mean `%s`?", there.CommandPath())
	}
	return ""
}

// named is the first command of a name below another; nil without one.
func named(c *cobra.Command, name string) *cobra.Command {
	for _, sub := range c.Commands() {
		if sub.Name() == name && sub.IsAvailableCommand() {
			return sub
		}
		if found := named(sub, name); found != nil {
			return found
		}
	}
	return nil
}

// badFlag is BadUsage for a flag that cannot be used, with the one that it seems to mean.
func badFlag(c *cobra.Command, err error) error {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return provision.BadUsage.Failf("%w", err)
	}
	var flags []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			flags = append(flags, f.Name)
		}
	})
	if near := provision.Nearest(unknown.GetSpecifiedName(), flags); near != "" {
		return provision.BadUsage.Failf("%w; did you mean --%s?", err, near)
	}
	return provision.BadUsage.Failf("%w", err)
}

// renderUsage tells how the command is used, where an error is that it was used otherwise.
func renderUsage(out io.Writer, c *cobra.Command, err error) {
	if c == nil || !errors.Is(err, provision.BadUsage.Failf("")) {
		return
	}
	help := strings.Replace(c.CommandPath(), c.Root().Name(), c.Root().Name()+" help", 1)
	fmt.Fprintf(out, "  usage: %s; more: `%s`\n", c.UseLine(), help)
}
