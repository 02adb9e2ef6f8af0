package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestConfigInitAsks has a person answer, wrongly at first, then not at all.
func TestConfigInitAsks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "wiabctl.yaml")
	terminal, screen, end := atTerminal(t, nil, "config", "init", "--config", file, "--public-address", "203.0.113.7")
	for _, step := range [][2]string{
		{"The default domain", "co.uk\n"},
		{"is a public suffix", "\ngreen.example.org\n"},
		{"The mail address", "ops@example.org\n"},
		{"The hash of the build", "5b01f250e128db689715558bad6b5e532cf4a7a0\n"},
	} {
		screen.shows(t, step[0])
		if _, err := terminal.WriteString(step[1]); err != nil {
			t.Fatal(err)
		}
	}
	screen.shows(t, "is written")
	if code := end(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if text, _ := screen.seen(); strings.Count(text, "The default domain") != 3 {
		t.Errorf("the domain is not asked for three times:\n%s", text)
	}
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), "\ndomain: green.example.org\n") || !strings.Contains(string(text), "  public_address: 203.0.113.7 ") {
		t.Errorf("%v; the file says\n%s", err, text)
	}
}

// TestConfigInitGivenUp ends the input (Ctrl-D), or the program (Ctrl-C), instead of answering.
func TestConfigInitGivenUp(t *testing.T) {
	for key, want := range map[string]int{"\x04": 16, "\x03": 15} {
		file := filepath.Join(t.TempDir(), "wiabctl.yaml")
		terminal, screen, end := atTerminal(t, nil, "config", "init", "--config", file)
		screen.shows(t, "The default domain")
		if _, err := terminal.WriteString(key); err != nil {
			t.Fatal(err)
		}
		if code := end(); code != want {
			t.Errorf("after %q: exit code %d, want %d", key, code, want)
		}
		if _, err := os.Stat(file); err == nil {
			t.Errorf("after %q a file is written", key)
		}
	}
}
