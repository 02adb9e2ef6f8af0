// Command wiabctl installs Wire in a Box, staging, and serves it under many domains.
package main

import (
	"os"

	"wiabctl/cmd"
)

func main() {
	os.Exit(cmd.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
