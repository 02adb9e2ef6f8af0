package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"wiabctl/e2e/lab"
)

// theLab is the lab that all scenarios of a run share, one after the other; each
// brings it first into the state that it begins with.
var theLab *lab.Lab

// labDir is where the scenarios' lab lives: not where a person's own does.
const labDir = "../.lab/e2e"

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

// run starts the lab anew, runs the scenarios and takes the lab down, unless
// WIABCTL_LAB_KEEP says that somebody wants to look at it.
func run(m *testing.M) int {
	ctx := context.Background()
	dir, err := filepath.Abs(labDir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	options := lab.Options{Dir: dir, Log: os.Stderr}
	if os.Getenv("WIABCTL_LAB_KEEP") == "" {
		if err := lab.Down(ctx, options); err != nil {
			fmt.Fprintln(os.Stderr, "take the last run's lab down:", err)
			return 1
		}
	}
	if theLab, err = lab.Start(ctx, options); err != nil {
		fmt.Fprintln(os.Stderr, "start the lab:", err)
		return 1
	}
	if err := remember(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "look at the fresh host:", err)
		return 1
	}
	code := m.Run()
	if os.Getenv("WIABCTL_LAB_KEEP") == "" {
		if err := theLab.Down(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "take the lab down:", err)
			return 1
		}
	}
	return code
}
