package cmd

import (
	"fmt"
	"io"

	"wiabctl/provision/change"
)

// renderError tells what went wrong, and for every known failure its id and what to do.
func renderError(out io.Writer, err error) {
	fmt.Fprintf(out, "error: %v\n", err)
	told := map[string]bool{}
	for _, f := range change.Failures(err) {
		if !told[f.ID] {
			told[f.ID] = true
			fmt.Fprintf(out, "  [%s] %s\n", f.ID, f.Advice)
		}
	}
}
