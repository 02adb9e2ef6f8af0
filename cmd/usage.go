package cmd

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
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
// that goes by this name elsewhere, or by a similar one beside it.
func meant(c *cobra.Command, word string) string {
	if !c.HasSubCommands() {
		return ""
	}
	if there := named(c.Root(), word); len(there) > 0 {
		return fmt.Sprintf("; did you mean %s?", strings.Join(there, " or "))
	}
	var names []string
	for _, sub := range c.Commands() {
		if told(sub) {
			names = append(names, sub.Name())
		}
	}
	if near := provision.Nearest(word, names); near != "" {
		return fmt.Sprintf("; did you mean `%s %s`?", c.CommandPath(), near)
	}
	return ""
}

// told tells whether the help names the command, or topic.
func told(c *cobra.Command) bool {
	return c.IsAvailableCommand() || c.IsAdditionalHelpTopicCommand()
}

// named are the commands below another that go by a name, their own or what people may call them, as they are typed.
func named(c *cobra.Command, name string) (paths []string) {
	for _, sub := range c.Commands() {
		if told(sub) && (sub.Name() == name || slices.Contains(sub.SuggestFor, name)) {
			paths = append(paths, "`"+sub.CommandPath()+"`")
		}
		paths = append(paths, named(sub, name)...)
	}
	return paths
}

// badFlag is BadUsage for a flag that cannot be used, with the one that it seems to mean.
func badFlag(c *cobra.Command, err error) error {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return provision.BadUsage.Failf("%w", err)
	}
	name := unknown.GetSpecifiedName()
	var flags []string
	short := ""
	c.Flags().VisitAll(func(f *pflag.Flag) {
		flags = append(flags, f.Name)
		if len(name) == 1 && f.Name[:1] == name {
			short = f.Name
		}
	})
	if near := cmp.Or(provision.Nearest(name, flags), short); near != "" {
		return provision.BadUsage.Failf("%w; did you mean --%s?", err, near)
	}
	if commands := named(c.Root(), name); len(commands) > 0 {
		return provision.BadUsage.Failf("%w; did you mean %s?", err, strings.Join(commands, " or "))
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

// refuseInHelp has cobra's help refuse what there is none of, as our commands do.
func refuseInHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		if c.Name() == "help" {
			c.Args = func(_ *cobra.Command, args []string) error {
				of, rest, err := root.Find(args)
				if err != nil {
					return provision.BadUsage.Failf("%w", err)
				}
				return noArgs(of, rest)
			}
		}
	}
}
