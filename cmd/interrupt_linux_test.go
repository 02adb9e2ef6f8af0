package cmd

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// onTerminal makes a process's standard input its controlling terminal, so that keys become
// signals.
func onTerminal() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true, Setctty: true} }

// desk is a host that has nothing but a server with an artifact, of which the second half comes late.
type desk struct {
	dir      string
	artifact string // its digest
}

// atDesk makes the host; wiabctl's state on it is below dir.
func atDesk(t *testing.T) desk {
	t.Helper()
	for _, program := range []string{"unshare", "ip"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(err)
		}
	}
	content := []byte(strings.Repeat("half of it comes late\n", 50_000))
	sum := sha256.Sum256(content)
	d := desk{t.TempDir(), hex.EncodeToString(sum[:])}
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
`, d.artifact, filepath.Join(d.dir, "cache"))
	err := errors.Join(os.Mkdir(filepath.Join(d.dir, "lib"), 0o755),
		os.WriteFile(filepath.Join(d.dir, "artifact.tgz"), content, 0o600),
		os.WriteFile(filepath.Join(d.dir, "wiabctl.yaml"), []byte(config), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// run prepares wiabctl on that host, as root of it and without any other network.
func (d desk) run(args ...string) *exec.Cmd {
	const host = `cd "$1"; shift
ip link set lo up
mount -t tmpfs none /run
mount --bind lib /var/lib
halves 127.0.0.1:8080 artifact.tgz whole &
exec wiabctl --config wiabctl.yaml "$@"`
	argv := []string{"--user", "--map-root-user", "unshare", "--net", "--mount", "sh", "-ec", host, "sh", d.dir}
	return exec.Command("unshare", append(argv, args...)...)
}

// held tells whether the artifact is in the cache.
func (d desk) held() bool {
	_, err := os.Stat(filepath.Join(d.dir, "cache", "sha256", d.artifact))
	return err == nil
}

// comes lets the second half of the artifact come.
func (d desk) comes(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, "whole"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestCtrlC presses Ctrl-C once and twice while up downloads: once lets the download end and begins nothing more, twice leaves
// the part that is there, and the next up goes on with what is left.
func TestCtrlC(t *testing.T) {
	for _, test := range []struct {
		name   string
		twice  bool
		made   string
		resume string // what the next run makes
	}{
		{"once", false, "stopped after 1 change; ", "0 changes\n"},
		{"twice", true, "stopped after 0 changes; ", "1 change\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := atDesk(t)
			terminal, screen, end := sitting(t, nil, d.run("up", "--only", "preflight", "--yes"))
			press := func() {
				if _, err := terminal.WriteString("\x03"); err != nil {
					t.Fatal(err)
				}
			}
			screen.shows(t, "0/1  ")
			press()
			screen.shows(t, "it is finished first, or left where it waits; Ctrl-C once more stops at once, which the next run mends")
			if test.twice {
				press()
			} else {
				d.comes(t)
			}
			if code := end(); code != 15 {
				t.Errorf("exit code %d, want 15", code)
			}
			screen.shows(t, "[interrupted]")
			screen.shows(t, test.made+"log: /var/lib/wiabctl/log/000001.jsonl; next: wiabctl up\n")
			if d.held() == test.twice {
				t.Errorf("the artifact is whole: %v", !test.twice)
			}

			d.comes(t)
			_, screen, end = sitting(t, nil, d.run("up", "--only", "preflight", "--yes"))
			if code := end(); code != 0 {
				t.Errorf("the next run ends with %d", code)
			}
			screen.shows(t, test.resume)
			if !d.held() {
				t.Error("the next run did not go on")
			}
			log, err := os.ReadFile(filepath.Join(d.dir, "lib", "wiabctl", "log", "000002.jsonl"))
			if went := strings.Contains(string(log), "of the artifact are there from an earlier run"); err != nil || went != test.twice {
				t.Errorf("the next run went on with a part: %v (%v)", went, err)
			}
			_, screen, end = sitting(t, nil, d.run("history"))
			end()
			screen.shows(t, "  stopped ")
		})
	}
}
