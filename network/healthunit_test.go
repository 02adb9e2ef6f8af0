package network

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestStrays plays systemd, whose word comes from before the process is looked at.
func TestStrays(t *testing.T) {
	program, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	watcher := exec.Command(program, "60")
	if err := watcher.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = watcher.Process.Kill()
		_ = watcher.Wait()
	})
	ended := exec.Command(program, "0")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, state string
		pid         int
		line        []string
		want        string
	}{
		{"as it should be", "active", watcher.Process.Pid, []string{program, "60"}, ""},
		{"failed", "failed", 0, []string{program, "60"}, "it is failed"},
		{"other arguments", "active", watcher.Process.Pid, []string{program, "61"}, "it was started with another command line"},
		{"ended since", "active", ended.Process.Pid, []string{program, "0"}, "it has just ended"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tools := t.TempDir()
			said := "#!/bin/sh\necho ActiveState=" + tc.state + "\necho MainPID=" + strconv.Itoa(tc.pid) + "\n"
			if err := os.WriteFile(filepath.Join(tools, "systemctl"), []byte(said), 0o700); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", tools+":"+os.Getenv("PATH"))
			got, err := strays(t.Context(), tc.line)
			if err != nil || got != tc.want {
				t.Errorf("%q, %v; want %q", got, err, tc.want)
			}
		})
	}
	now, err := os.Stat(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if got, err := other(filepath.Join("/proc", strconv.Itoa(watcher.Process.Pid)), []string{program, "60"}, now); err != nil || !strings.Contains(got, "replaced") {
		t.Errorf("another program: %q, %v", got, err)
	}
}
