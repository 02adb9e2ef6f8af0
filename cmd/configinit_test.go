package cmd

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// typed runs wiabctl on a terminal, where a person types an answer each time one of the
// questions is seen. It returns all that was shown, and the exit code.
func typed(t *testing.T, answers [][2]string, argv ...string) (string, int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, argv...)
	c.Args[0] = "wiabctl" // as which the test's binary is wiabctl
	terminal, err := pty.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	deadline := time.AfterFunc(2*time.Minute, func() { _ = c.Process.Kill() })
	defer deadline.Stop()
	var shown bytes.Buffer
	part := make([]byte, 4096)
	seen := 0
	for {
		n, err := terminal.Read(part)
		shown.Write(part[:n])
		for len(answers) > 0 {
			at := strings.Index(shown.String()[seen:], answers[0][0])
			if at < 0 {
				break
			}
			seen += at + len(answers[0][0])
			if _, err := io.WriteString(terminal, answers[0][1]); err != nil {
				t.Fatal(err)
			}
			answers = answers[1:]
		}
		if err != nil { // EIO once the other side is closed
			break
		}
	}
	_ = c.Wait()
	if len(answers) > 0 {
		t.Errorf("nobody asked %q", answers[0][0])
	}
	return shown.String(), c.ProcessState.ExitCode()
}

// TestConfigInitAsks has a person answer, wrongly at first.
func TestConfigInitAsks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "wiabctl.yaml")
	shown, code := typed(t, [][2]string{
		{"The default domain", "co.uk\n"},
		{"is a public suffix", ""},
		{"The default domain", "\n"},
		{"The default domain", "green.example.org\n"},
		{"The mail address", "ops@example.org\n"},
		{"The hash of the build", "5b01f250e128db689715558bad6b5e532cf4a7a0\n"},
	}, "config", "init", "--config", file, "--public-address", "203.0.113.7")
	if code != 0 || !strings.Contains(shown, "is written") {
		t.Fatalf("exit code %d:\n%s", code, shown)
	}
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), "\ndomain: green.example.org\n") || !strings.Contains(string(text), "  public_address: 203.0.113.7 ") {
		t.Errorf("%v; the file says\n%s", err, text)
	}
}

// TestConfigInitGivenUp ends the input (Ctrl-D), and the program (Ctrl-C), instead of answering.
func TestConfigInitGivenUp(t *testing.T) {
	for key, want := range map[string]int{"\x04": 16, "\x03": -1} { // killed by the signal: the test's binary handles none
		file := filepath.Join(t.TempDir(), "wiabctl.yaml")
		shown, code := typed(t, [][2]string{{"The default domain", key}}, "config", "init", "--config", file)
		if code != want {
			t.Errorf("after %q: exit code %d, want %d:\n%s", key, code, want, shown)
		}
		if _, err := os.Stat(file); err == nil {
			t.Errorf("after %q a file is written", key)
		}
	}
}
