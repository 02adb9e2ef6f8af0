package artifact

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// programs are the directories of the programs that the archive brings along.
var programs = []string{"ansible", "zauth", "ingressd", "keeper", "database"}

// onNodes are those that run on the VMs.
var onNodes = []string{"ingressd", "keeper", "database"}

// sourceDir is where this package's source lies, found from the working
// directory.
func sourceDir(ctx context.Context) (string, error) {
	out, err := output(ctx, "", "go", "env", "GOMOD")
	if err != nil {
		return "", err
	}
	dir := filepath.Join(filepath.Dir(strings.TrimSpace(out)), "e2e", "artifact")
	if _, err := os.Stat(filepath.Join(dir, "files", "bin")); err != nil {
		return "", fmt.Errorf("call this from within wiabctl's source tree: %w", err)
	}
	return dir, nil
}

// compile builds a program statically and reproducibly.
func compile(ctx context.Context, dir, out string) error {
	_, err := output(ctx, dir, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", out, ".")
	return err
}

// output runs a command in dir and returns its standard output; its standard
// error goes into the error.
func output(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "SOURCE_DATE_EPOCH=1767225600")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return string(out), nil
}
