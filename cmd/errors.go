package cmd

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"wiabctl/provision"
	"wiabctl/provision/change"
)

// unfinished is the error of a run that stopped on its way; its last words say how
// far it came, where its log is and what to type next.
type unfinished struct {
	error
	lastWords string
}

// Unwrap gives the error that stopped the run.
func (u *unfinished) Unwrap() error { return u.error }

// exitStatus is how a program on a VM ended; it is wiabctl's own exit code then.
type exitStatus struct{ code int }

// Error tells the status.
func (e *exitStatus) Error() string { return fmt.Sprintf("exit status %d", e.code) }

// renderError tells what went wrong, for every kind of failure its id and what to do, and the commands that are known to
// mend what happened; file is the configuration.
func renderError(out io.Writer, err error, file string) {
	fmt.Fprintf(out, "error: %s\n", change.Printable(err.Error()))
	for _, kind := range provision.KindsOf(err) {
		fmt.Fprintf(out, "  [%s] %s\n", kind.ID, kind.Advice)
		for _, remedy := range remedies(err, kind.ID) {
			fmt.Fprintf(out, "  type: %s\n", change.Printable(forFile(remedy, file)))
		}
	}
	if stopped := (*unfinished)(nil); errors.As(err, &stopped) {
		fmt.Fprintln(out, stopped.lastWords)
	}
}

// remedies are the commands that mend the error's failures of a kind, each once.
func remedies(err error, id string) (commands []string) {
	for _, f := range change.Failures(err) {
		if f.ID == id && f.Remedy != "" && !slices.Contains(commands, f.Remedy) {
			commands = append(commands, f.Remedy)
		}
	}
	return commands
}
