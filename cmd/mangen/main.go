// Command mangen writes the manual pages of wiabctl and all its commands into a directory:
// go run ./cmd/mangen DIR. It is a program of its own so that wiabctl does not carry the generator.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra/doc"

	"wiabctl/cmd"
)

func main() {
	if err := generate(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func generate(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: mangen DIR")
	}
	for _, name := range []string{"WIABCTL_CONFIG", "WIABCTL_OUTPUT"} { // the pages tell defaults, not this machine's
		if err := os.Unsetenv(name); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(args[0], 0o755); err != nil {
		return err
	}
	root := cmd.Command()
	root.DisableAutoGenTag = true
	return doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "wiabctl", Manual: "wiabctl"}, args[0])
}
