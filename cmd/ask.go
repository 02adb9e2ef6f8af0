package cmd

import (
	"bufio"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

// yesFlag lets a command do without asking: --yes, or WIABCTL_YES.
func yesFlag(c *cobra.Command, yes *bool) {
	said, _ := saysYes() // what nobody understands is refused before any command
	c.Flags().BoolVar(yes, "yes", said, "do not ask")
}

// saysYes tells whether the environment says yes to what commands ask. It fails with BadUsage.
func saysYes() (bool, error) {
	text := fromEnvironment("WIABCTL_YES", "false")
	said, err := strconv.ParseBool(text)
	if err != nil {
		return false, provision.BadUsage.Failf("WIABCTL_YES is %q, which is neither true nor false", text)
	}
	return said, nil
}

// agree asks for a yes to the plans, unless it is given already or nothing is to be done.
func agree(c *cobra.Command, plans []provision.Planned, yes bool, question string) error {
	count := provision.Count(plans)
	if yes || count == 0 {
		return nil
	}
	return confirm(c, fmt.Sprintf("%s (%s)", question, changes(count)))
}

// confirm asks and takes only a clear yes. It asks beside the output, which programs may read.
func confirm(c *cobra.Command, question string) error {
	c.PrintErrf("%s Type yes: ", question)
	answer, err := line(c, bufio.NewReader(c.InOrStdin()))
	switch {
	case strings.TrimSpace(answer) == "yes":
		return nil
	case c.Context().Err() != nil:
		return context.Cause(c.Context())
	case err != nil:
		c.PrintErrln() // nobody ended the line of the question
		return provision.NotConfirmed.Failf("nobody answered; nothing was changed")
	}
	return provision.NotConfirmed.Failf("the answer was not yes; nothing was changed")
}

// line reads a line of what a person types.
func line(c *cobra.Command, in *bufio.Reader) (string, error) {
	return reading(c, func() (string, error) { return in.ReadString('\n') })
}

// reading reads what a person types, until the command is to stop: a terminal that is read knows no context.
func reading[T any](c *cobra.Command, read func() (T, error)) (T, error) {
	type outcome struct {
		text T
		err  error
	}
	done := make(chan outcome, 1)
	go func() {
		text, err := read()
		done <- outcome{text, err}
	}()
	select {
	case o := <-done:
		return o.text, o.err
	case <-c.Context().Done():
		var none T
		return none, context.Cause(c.Context())
	}
}
