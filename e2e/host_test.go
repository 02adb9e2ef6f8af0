package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// answer is what a command on the lab's KVM host said, and how it ended.
type answer struct {
	stdout, stderr string
	code           int
	took           time.Duration
}

// agreed says yes to what wiabctl asks, also to one that a script runs.
const agreed = "WIABCTL_YES=1"

// try runs a command as root on the KVM host.
func try(ctx context.Context, name string, args ...string) (answer, error) {
	var stdout, stderr bytes.Buffer
	cmd := theLab.Host(ctx, "env", append([]string{agreed, name}, args...)...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	err := cmd.Run()
	a := answer{stdout: stdout.String(), stderr: stderr.String(), took: time.Since(began)}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		a.code, err = exit.ExitCode(), nil
	}
	return a, err
}

// wiabctl runs wiabctl on the KVM host as a person would.
func wiabctl(t testing.TB, args ...string) answer {
	t.Helper()
	a, err := try(cleanable(t), "wiabctl", args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("wiabctl %s: exit %d after %s\n%s%s", strings.Join(args, " "), a.code, a.took.Round(time.Millisecond), a.stdout, a.stderr)
	return a
}

// cleanable is the context of a test that its cleanups can use too.
func cleanable(t testing.TB) context.Context { return context.WithoutCancel(t.Context()) }

// mustWiabctl demands success.
func mustWiabctl(t testing.TB, args ...string) answer {
	t.Helper()
	a := wiabctl(t, args...)
	if a.code != 0 {
		t.Fatalf("wiabctl %s failed with exit code %d", strings.Join(args, " "), a.code)
	}
	return a
}

// planned is what wiabctl plans, whose exit code tells whether that is anything.
func planned(t testing.TB) answer {
	t.Helper()
	a := wiabctl(t, "plan")
	if nothing := strings.HasSuffix("\n"+a.stdout, "\n0 changes to make\n"); a.code != 0 && a.code != 2 || (a.code == 0) != nothing {
		t.Fatalf("wiabctl plan ended with exit code %d", a.code)
	}
	return a
}

// onHost runs a shell line on the KVM host and demands success.
func onHost(t testing.TB, line string) string {
	t.Helper()
	out, err := shell(cleanable(t), line)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func shell(ctx context.Context, line string) (string, error) {
	a, err := try(ctx, "bash", "-o", "pipefail", "-c", line)
	if err == nil && a.code != 0 {
		err = fmt.Errorf("%s: exit %d: %s", line, a.code, a.stderr)
	}
	return a.stdout, err
}

const configFile = "/etc/wiabctl/wiabctl.yaml"

func readHost(t testing.TB, path string) string {
	t.Helper()
	content, err := os.ReadFile(theLab.Path(path))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func writeHost(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(theLab.Path(path), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// listens is a shell line that waits until somebody listens on a port of TCP (t) or UDP (u).
func listens(kind string, port int) string {
	return fmt.Sprintf(`timeout 20 sh -c 'until ss -Hln%s "sport = :%d" | grep -q .; do sleep 0.05; done'`, kind, port)
}
