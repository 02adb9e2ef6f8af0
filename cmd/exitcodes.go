package cmd

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"wiabctl/provision"
	"wiabctl/provision/change"
)

// newExitCodes is a topic of the help, no command.
func newExitCodes() *cobra.Command {
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "What the exit codes mean",
		Long: "0 is success. A command that runs a program elsewhere (`vm ssh`, `kubectl`, `helm`, `d`) ends with that program's exit code.\n" +
			"Every other code is that of one failure; of several, that of the first. `wiabctl explain CODE` tells more.\n\n" + exitCodes(),
	}
}

// exitCodes lists those of all failures.
func exitCodes() string {
	kinds := slices.Clone(provision.Kinds())
	slices.SortFunc(kinds, func(a, b change.Kind) int { return cmp.Compare(a.Exit, b.Exit) })
	var all strings.Builder
	for _, k := range kinds {
		fmt.Fprintf(&all, "  %3d  %-24s %s\n", k.Exit, k.ID, k.Means)
	}
	return strings.TrimSuffix(all.String(), "\n")
}
