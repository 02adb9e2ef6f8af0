package lab

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

//go:embed machine.sh
var machineScript string

// Machine is a systemd machine on the lab's internet: the KVM host, or another beside it.
type Machine struct {
	lab  *Lab
	name string // its directory and what belongs to it bear it: "host"
}

// errDown says that the machine is not up.
var errDown = errors.New("it does not run")

// signals that the way into the host lets pass to the program at its end.
const signals = "INT,TERM,HUP,QUIT"

// Run prepares a command that runs as root on the machine, as from a login
// there. Its exit status is the command's own. When ctx ends the program is
// killed. An interrupt from the terminal reaches the program and nothing
// between; a scenario that wants to signal it does so on the machine
// (Run(ctx, "pkill", "-INT", "-x", "wiabctl")) or sets Setpgid and signals the
// group.
func (m *Machine) Run(ctx context.Context, name string, args ...string) *exec.Cmd {
	pid, err := m.leader()
	if err != nil {
		return &exec.Cmd{Path: name, Args: append([]string{name}, args...), Err: err}
	}
	way := []string{
		"--ignore-signal=" + signals,
		"nsenter", "--target", strconv.Itoa(pid), "--all", "--",
		"setpriv", "--pdeathsig", "KILL", "--",
		"env", "--ignore-environment", "--chdir=/root", "--default-signal=" + signals,
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/root", "USER=root", "LOGNAME=root", "SHELL=/bin/bash", "LANG=C.UTF-8", "TERM=" + os.Getenv("TERM"),
		name,
	}
	return exec.CommandContext(ctx, "env", append(way, args...)...)
}

// Path is where we see a file of the machine: for reading and writing, as long as
// it runs; ask again after a reboot.
func (m *Machine) Path(p string) string {
	pid, err := m.leader()
	if err != nil {
		return filepath.Join("/nonexistent", p) // every use of it says that there is nothing
	}
	return filepath.Join(fmt.Sprintf("/proc/%d/root", pid), p)
}

// reboot reboots the machine as a person would and waits until it is up again.
func (m *Machine) reboot(ctx context.Context) error {
	before, err := m.leader()
	if err != nil {
		return err
	}
	if err := run(m.Run(ctx, "systemctl", "reboot")); err != nil {
		return err
	}
	err = await(ctx, m.name+" to go down", 3*time.Minute, func(context.Context) error {
		if now, err := m.leader(); err != nil || now == before {
			return errors.Join(errors.New("it is still up"), err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return m.awaitBoot(ctx)
}

// path is a file of the machine's in the lab's directory.
func (m *Machine) path(names ...string) string {
	return m.lab.path(append([]string{m.name}, names...)...)
}

func (m *Machine) log() string { return m.path() + ".log" }

// group is the name of the machine's control group.
func (m *Machine) group() string { return m.lab.name() + "-" + m.name }

func (m *Machine) supervisor() process { return process{m.path() + ".pid"} }

// start boots the machine's root, an overlay over a cached one, and waits until it
// is up.
func (m *Machine) start(ctx context.Context, root string) error {
	for _, d := range []string{"work", "root", "docker"} {
		if err := os.MkdirAll(m.path(d), 0o711); err != nil {
			return err
		}
	}
	// Not bound to ctx: it is to outlive this program.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "nsenter", "--net="+m.lab.namespaceFile(), "unshare", "--mount", "--propagation", "private",
		"sh", "-ec", machineScript, "machine.sh", m.name, m.group(), root, m.path())
	if err := m.supervisor().start(cmd, m.log()); err != nil {
		return err
	}
	return m.awaitBoot(ctx)
}

// awaitBoot waits until every unit of the machine has started.
func (m *Machine) awaitBoot(ctx context.Context) error {
	return await(ctx, m.name+" to boot", 2*time.Minute, func(ctx context.Context) error {
		if m.supervisor().running() == 0 {
			return fmt.Errorf("%w, see %s", errEnded, m.log())
		}
		out, err := m.Run(ctx, "systemctl", "is-system-running", "--wait").Output()
		switch state := strings.TrimSpace(string(out)); state {
		case "running":
			return nil
		case "degraded":
			failed, err := m.Run(ctx, "systemctl", "list-units", "--failed", "--plain", "--no-legend").Output()
			m.lab.say("%s is up, but some of its units failed: %s", m.name, failed)
			return err
		default:
			return fmt.Errorf("systemd says %q: %w", state, errors.Join(err, errDown))
		}
	})
}

// leader is the machine's PID 1 as we see it. It is another one after
// a reboot, and there is none for a moment in between.
func (m *Machine) leader() (int, error) {
	for _, nspawn := range children(m.supervisor().running()) {
		for _, pid := range children(nspawn) {
			if isInit(pid) {
				return pid, nil
			}
		}
	}
	return 0, fmt.Errorf("lab: %s: %w", m.name, errDown)
}

// machines are all that the lab's directory knows of, also from a run that was killed.
func (l *Lab) machines() []*Machine {
	layers, err := filepath.Glob(l.path("*", "upper"))
	if err != nil {
		return nil
	}
	var all []*Machine
	for _, layer := range layers {
		all = append(all, &Machine{lab: l, name: filepath.Base(filepath.Dir(layer))})
	}
	return all
}

// isInit tells whether pid is PID 1 of a PID namespace of its own.
func isInit(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		if ids, ok := strings.CutPrefix(line, "NSpid:"); ok {
			f := strings.Fields(ids)
			return len(f) > 1 && f[len(f)-1] == "1"
		}
	}
	return false
}

// stop cuts the power.
func (m *Machine) stop() error {
	leader, _ := m.leader() // none: nothing to kill but the supervisor
	if err := m.supervisor().kill(); err != nil {
		return err
	}
	if leader == 0 {
		return nil
	}
	if err := syscall.Kill(leader, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return await(context.Background(), m.name+"'s processes to end", 20*time.Second, func(context.Context) error {
		if state, _, err := stat(leader); err == nil && state != "Z" {
			return fmt.Errorf("process %d is in state %s", leader, state)
		}
		return nil
	})
}
