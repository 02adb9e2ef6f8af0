package network

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"wiabctl/provision/change"
)

const healthUnit = "wiabctl-health.service"

// healthText is the unit of the watcher. All that it needs stands in its command
// line: a configuration file that is being edited cannot stop it.
const healthText = `# Written by wiabctl.
[Unit]
Description=Keeps traffic away from kubenodes whose ingress does not answer
After=` + bootUnit + `
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=%s
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`

// watcher is the command line of the watcher.
func (f *Fabric) watcher() ([]string, error) {
	program, err := f.Program()
	if err != nil {
		return nil, fmt.Errorf("which program the unit %s should run: %w", healthUnit, err)
	}
	line := []string{program, "network", "watch"}
	for _, node := range f.Kubenodes {
		line = append(line, Target{node.Name, netip.AddrPortFrom(node.Address, nodeHTTPS)}.String())
	}
	return line, nil
}

// quoted is a command line as systemd reads it: only the program's path may hold
// what means something there.
func quoted(line []string) string {
	program := strconv.Quote(line[0])
	if program == `"`+line[0]+`"` && !strings.ContainsAny(line[0], " ';") {
		program = line[0]
	}
	return strings.ReplaceAll(strings.Join(append([]string{program}, line[1:]...), " "), "%", "%%")
}

// healthUnits is the watcher's unit.
func healthUnits(line []string) units {
	return units{{healthUnit, fmt.Sprintf(healthText, quoted(line)), []string{"multi-user.target"}}}
}

// planHealth is the change that the watcher needs: to be there, and to run as it
// should.
func (f *Fabric) planHealth(ctx context.Context) ([]change.Change, error) {
	line, err := f.watcher()
	if err != nil {
		return nil, err
	}
	unit := healthUnits(line)
	changes, err := unit.plan("unit " + healthUnit)
	if err == nil && len(changes) == 0 {
		changes, err = planRun(ctx, line)
	}
	if err != nil || len(changes) == 0 {
		return nil, err
	}
	changes[0].Apply = func(ctx context.Context, _ change.Progress) error {
		if err := unit.files().write(); err != nil {
			return err
		}
		if err := unit.enable(ctx); err != nil || !booted() {
			return err
		}
		return systemctl(ctx, "restart", healthUnit)
	}
	return changes, nil
}

// planRun is the change that a watcher needs whose unit is right.
func planRun(ctx context.Context, line []string) ([]change.Change, error) {
	if !booted() {
		return nil, nil
	}
	reason, err := strays(ctx, line)
	if err != nil || reason == "" {
		return nil, err
	}
	return []change.Change{{Verb: change.Start, Subject: "unit " + healthUnit, Reason: reason}}, nil
}

// removeHealth is the change that ends the watcher and takes its unit away.
func (f *Fabric) removeHealth(context.Context) ([]change.Change, error) {
	return healthUnits([]string{""}).remove("unit " + healthUnit)
}

// strays says how what runs differs from what should: it does not run, was
// started otherwise, or is a wiabctl that has been replaced by another since.
func strays(ctx context.Context, line []string) (string, error) {
	state, process, err := running(ctx)
	if err != nil {
		return "", err
	}
	if state != "active" {
		return "it is " + state, nil
	}
	should, err := os.Stat(line[0])
	if err != nil {
		return "", fmt.Errorf("looking at what unit %s should run: %w", healthUnit, err)
	}
	reason, err := other(process, line, should)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return "it has just ended", nil // since systemd was asked
	}
	if err != nil {
		return "", fmt.Errorf("looking at the process of unit %s: %w", healthUnit, err)
	}
	return reason, nil
}

// other says how the process of this directory in /proc is another than that of the command line and program.
func other(process string, line []string, program os.FileInfo) (string, error) {
	started, err := os.ReadFile(filepath.Join(process, "cmdline"))
	if err != nil {
		return "", err
	}
	if string(bytes.TrimSuffix(started, []byte{0})) != strings.Join(line, "\x00") {
		return "it was started with another command line", nil
	}
	runs, err := os.Stat(filepath.Join(process, "exe"))
	if err != nil {
		return "", err
	}
	if !os.SameFile(runs, program) {
		return "it runs a wiabctl that was replaced by another", nil
	}
	return "", nil
}

// running is the unit's state in systemd's word, and its process's directory in /proc.
func running(ctx context.Context) (state, process string, err error) {
	said, err := command(ctx, "systemctl", "show", "--property=ActiveState,MainPID", healthUnit)
	if err != nil {
		return "", "", err
	}
	for line := range strings.Lines(said) {
		switch key, value, _ := strings.Cut(strings.TrimSpace(line), "="); key {
		case "ActiveState":
			state = value
		case "MainPID":
			process = filepath.Join("/proc", value)
		}
	}
	return state, process, nil
}
