package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	name := filepath.Base(os.Args[0])
	run, ok := programs[name]
	if !ok && len(os.Args) > 1 {
		// The programs look at os.Args themselves.
		os.Args = os.Args[1:]
		name = os.Args[0]
		run, ok = programs[name]
	}
	if !ok {
		fmt.Fprintf(os.Stderr, "kubebox: %q is none of %s\n", name, strings.Join(slices.Sorted(maps.Keys(programs)), ", "))
		os.Exit(2)
	}
	os.Exit(run())
}
