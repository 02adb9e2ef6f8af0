package cmd

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"wiabctl/provision/change"
)

// onTerminal makes a process's standard input its controlling terminal, so that keys become
// signals.
func onTerminal() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true, Setctty: true} }

// desk is a host that has nothing but a server with an artifact, of which the second half comes late.
type desk struct{ dir string }

// artifact is what that server has.
var artifact = []byte(strings.Repeat("half of it comes late\n", 50_000))

// artifactSum is its digest.
var artifactSum = fmt.Sprintf("%x", sha256.Sum256(artifact))

// atDesk makes the host; wiabctl's state on it is below dir.
func atDesk(t *testing.T) desk {
	t.Helper()
	for _, program := range []string{"unshare", "ip"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(err)
		}
	}
	d := desk{t.TempDir()}
	config := fmt.Sprintf(`domain: green.example.org
email: ops@example.org
artifact:
  hash: 5b01f250e128db689715558bad6b5e532cf4a7a0
  url: http://127.0.0.1:8080/artifact.tgz
  sha256: %s
assets: {cache: %s}
network: {wan: lo, public_address: 203.0.113.10}
vms:
  accel: tcg
  sizes:
    assethost: {cpus: 1, memory: 256MiB, disk: 1GiB}
    kubenode: {cpus: 1, memory: 256MiB, disk: 1GiB}
    datanode: {cpus: 1, memory: 256MiB, disk: 1GiB}
`, artifactSum, filepath.Join(d.dir, "cache"))
	err := errors.Join(os.Mkdir(filepath.Join(d.dir, "lib"), 0o755),
		os.WriteFile(filepath.Join(d.dir, "artifact.tgz"), artifact, 0o600),
		os.WriteFile(filepath.Join(d.dir, "wiabctl.yaml"), []byte(config), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// run is the command line of wiabctl on that host, as root of it and without any other network.
func (d desk) run(args ...string) []string {
	const host = `cd "$1"; shift
ip link set lo up
mount -t tmpfs none /run
mount --bind lib /var/lib
halves 127.0.0.1:8080 artifact.tgz whole &
exec wiabctl --config wiabctl.yaml "$@"`
	argv := []string{"unshare", "--user", "--map-root-user", "unshare", "--net", "--mount", "sh", "-ec", host, "sh", d.dir}
	return append(argv, args...)
}

// held tells whether the artifact is in the cache.
func (d desk) held() bool {
	_, err := os.Stat(filepath.Join(d.dir, "cache", "sha256", artifactSum))
	return err == nil
}

// comes lets the second half of the artifact come.
func (d desk) comes(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, "whole"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

// half waits until the first half of the artifact has come.
func (d desk) half(t *testing.T) {
	t.Helper()
	err := change.Condition{Description: "half of the artifact", Deadline: 30 * time.Second, Interval: 10 * time.Millisecond, Check: func(context.Context) error {
		parts, err := filepath.Glob(filepath.Join(d.dir, "cache", "*", "*.part"))
		if err != nil || len(parts) != 1 {
			return fmt.Errorf("the cache holds the parts %s, %w", parts, err)
		}
		info, err := os.Stat(parts[0])
		if err == nil && info.Size() < int64(len(artifact)/2) {
			err = fmt.Errorf("only %d bytes have come", info.Size())
		}
		return err
	}}.Await(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
}

// TestCtrlC presses Ctrl-C while up downloads, on a terminal that became narrow: the download is left at once, it is said what
// is safe, and the next up, without colours, goes on with the half that is missing.
func TestCtrlC(t *testing.T) {
	d := atDesk(t)
	terminal, screen, end := sitting(t, nil, d.run("up", "--only", "preflight", "--yes")...)
	screen.shows(t, "0/1  create download artifact-")
	if err := pty.Setsize(terminal, &pty.Winsize{Cols: 40, Rows: 20}); err != nil {
		t.Fatal(err)
	}
	screen.shows(t, "0/1  create downlo\n") // 39 columns
	d.half(t)
	if _, err := terminal.WriteString("\x03"); err != nil {
		t.Fatal(err)
	}
	if code := end(); code != 15 {
		t.Errorf("exit code %d, want 15", code)
	}
	screen.shows(t, "[interrupted] what was made stays")
	screen.shows(t, "stopped after 0 changes; log: /var/lib/wiabctl/log/000001.jsonl; next: wiabctl -c wiabctl.yaml up\n")
	if text, _ := screen.seen(); strings.Contains(text, "[download-failed]") || d.held() {
		t.Errorf("what is left is no failure, and not whole:\n%s", text)
	}

	d.comes(t)
	_, screen, end = sitting(t, []string{"NO_COLOR=1"}, d.run("up", "--only", "preflight", "--yes")...)
	if code := end(); code != 0 || !d.held() {
		t.Errorf("the next run ends with %d; the artifact is there: %v", code, d.held())
	}
	screen.shows(t, "\n1 change\n")
	if _, raw := screen.seen(); strings.Contains(raw, "\x1b[3") {
		t.Errorf("there are colours: %q", raw)
	}
	log, err := os.ReadFile(filepath.Join(d.dir, "lib", "wiabctl", "log", "000002.jsonl"))
	if err != nil || !strings.Contains(string(log), "of the artifact are there from an earlier run") {
		t.Errorf("the next run did not go on with what was there (%v):\n%s", err, log)
	}
	_, screen, end = sitting(t, nil, d.run("history")...)
	end()
	screen.shows(t, "  stopped ")
}

// TestNobodyReads ends who reads what up says, as head does, while it downloads: what was begun is finished.
func TestNobodyReads(t *testing.T) {
	d := atDesk(t)
	ours, theirs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	argv := d.run("up", "--only", "preflight", "--yes", "--output", "json")
	up := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	up.Stdout, up.Stderr = theirs, theirs
	if err := up.Start(); err != nil {
		t.Fatal(err)
	}
	d.half(t)
	if err := errors.Join(theirs.Close(), ours.Close()); err != nil {
		t.Fatal(err)
	}
	d.comes(t)
	if err := up.Wait(); err != nil || !d.held() {
		t.Errorf("up ends with %v; the artifact is there: %v", err, d.held())
	}
}
