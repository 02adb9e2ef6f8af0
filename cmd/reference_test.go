package cmd

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "write the generated documents anew")

// TestCommandsDocument keeps docs/commands.md equal to what the commands say of themselves.
func TestCommandsDocument(t *testing.T) {
	t.Setenv("WIABCTL_CONFIG", defaultConfig)
	t.Setenv("WIABCTL_OUTPUT", "plain")
	var doc strings.Builder
	doc.WriteString("# Commands\n\nThis page is what `wiabctl help` says of each command (`go test ./cmd -update` writes it).\n" +
		"Every exit code is in [failures.md](failures.md), every event of `--output json` in [events.md](events.md).\n\n## Flags of every command\n\n")
	root := Command()
	root.InitDefaultHelpCmd()
	describeFlags(&doc, root.PersistentFlags())
	describeCommands(&doc, root)
	const file = "../docs/commands.md"
	if *update {
		if err := os.WriteFile(file, []byte(doc.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(doc.String(), string(have)); diff != "" {
		t.Errorf("%s differs from the commands (-want +have):\n%s", file, diff)
	}
}

// describeCommands writes a section for each command below this one that people call.
func describeCommands(doc *strings.Builder, parent *cobra.Command) {
	for _, c := range parent.Commands() {
		if !c.IsAvailableCommand() {
			continue
		}
		long := c.Long
		if long == "" {
			long = c.Short
		}
		// What stands two blanks in is code there, and is four blanks in here.
		long = strings.ReplaceAll(strings.TrimSpace(long), "\n  ", "\n    ")
		fmt.Fprintf(doc, "\n## %s\n\n%s\n\n```text\n%s\n```\n", c.CommandPath(), long, c.UseLine())
		if c.HasAvailableLocalFlags() {
			doc.WriteString("\n")
			describeFlags(doc, c.LocalNonPersistentFlags())
		}
		if c.Example != "" {
			fmt.Fprintf(doc, "\n```sh\n%s\n```\n", strings.TrimRight(unindented(c.Example), "\n"))
		}
		describeCommands(doc, c)
	}
}

// describeFlags writes a table of those that people see.
func describeFlags(doc *strings.Builder, flags *pflag.FlagSet) {
	var rows strings.Builder
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		name := "`--" + f.Name + "`"
		if f.Shorthand != "" {
			name = "`-" + f.Shorthand + "`, " + name
		}
		value, usage := pflag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" && f.DefValue != "0" && f.DefValue != "0s" {
			usage += " (default `" + f.DefValue + "`)"
		}
		fmt.Fprintf(&rows, "| %s | %s | %s |\n", name, value, strings.ReplaceAll(usage, "|", "\\|"))
	})
	if rows.Len() > 0 {
		doc.WriteString("| flag | takes | meaning |\n|---|---|---|\n" + rows.String())
	}
}

// unindented is text without the two blanks that cobra's help wants before each line.
func unindented(text string) string {
	return strings.ReplaceAll(strings.TrimPrefix(text, "  "), "\n  ", "\n")
}
