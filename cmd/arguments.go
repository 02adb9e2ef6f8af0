package cmd

import (
	"github.com/spf13/cobra"

	"wiabctl/provision"
)

// exactlyOne demands one argument, of which it says what that is: "one domain".
func exactlyOne(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 {
			return provision.BadUsage.Failf("%s takes %s, here are %d", c.CommandPath(), what, len(args))
		}
		return nil
	}
}

// atMostOne is exactlyOne where the argument may be missing.
func atMostOne(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return exactlyOne(what)(c, args)
	}
}

// first is the first argument, empty if there is none.
func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
