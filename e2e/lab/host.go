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

//go:embed host.sh
var hostScript string

var errHostDown = errors.New("lab: the KVM host does not run; start it by labctl up")

// signals that the way into the host lets pass to the program at its end.
const signals = "INT,TERM,HUP,QUIT"

// Host prepares a command that runs as root on the KVM host, as from a login
// there. Its exit status is the command's own. When ctx ends the program is
// killed. An interrupt from the terminal reaches the program and nothing
// between; a scenario that wants to signal it does so on the host
// (Host(ctx, "pkill", "-INT", "-x", "wiabctl")) or sets Setpgid and signals the
// group.
func (l *Lab) Host(ctx context.Context, name string, args ...string) *exec.Cmd {
	pid, err := l.leader()
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

// Path is where this machine sees a file of the KVM host: for reading and
// writing, as long as the host runs; ask again after a reboot.
func (l *Lab) Path(p string) string {
	pid, err := l.leader()
	if err != nil {
		return filepath.Join("/nonexistent", p) // every use of it says that there is nothing
	}
	return filepath.Join(fmt.Sprintf("/proc/%d/root", pid), p)
}

// Reboot reboots the KVM host as a person would and waits until it is up again.
func (l *Lab) Reboot(ctx context.Context) error {
	before, err := l.leader()
	if err != nil {
		return err
	}
	if err := run(l.Host(ctx, "systemctl", "reboot")); err != nil {
		return err
	}
	err = await(ctx, "the KVM host to go down", 3*time.Minute, func(context.Context) error {
		if now, err := l.leader(); err != nil || now == before {
			return errors.Join(errors.New("it is still up"), err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return l.awaitBoot(ctx)
}

func (l *Lab) supervisor() process { return process{l.path("host.pid")} }

// startHost boots the host's root, an overlay over the cached one, and waits
// until it is up.
func (l *Lab) startHost(ctx context.Context, root string) error {
	for _, d := range []string{"work", "root", "docker"} {
		if err := os.MkdirAll(l.path("host", d), 0o711); err != nil {
			return err
		}
	}
	// Not bound to ctx: it is to outlive this program.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "nsenter", "--net="+l.namespaceFile(), "unshare", "--mount", "--propagation", "private",
		"sh", "-ec", hostScript, "host.sh", l.name(), root, l.path("host"))
	if err := l.supervisor().start(cmd, l.path("host.log")); err != nil {
		return err
	}
	return l.awaitBoot(ctx)
}

// awaitBoot waits until every unit of the host has started.
func (l *Lab) awaitBoot(ctx context.Context) error {
	return await(ctx, "the KVM host to boot", 2*time.Minute, func(ctx context.Context) error {
		if l.supervisor().running() == 0 {
			return fmt.Errorf("%w, see %s", errEnded, l.path("host.log"))
		}
		out, err := l.Host(ctx, "systemctl", "is-system-running", "--wait").Output()
		switch state := strings.TrimSpace(string(out)); state {
		case "running":
			return nil
		case "degraded":
			failed, err := l.Host(ctx, "systemctl", "list-units", "--failed", "--plain", "--no-legend").Output()
			l.say("the KVM host is up, but some of its units failed: %s", failed)
			return err
		default:
			return fmt.Errorf("systemd says %q: %w", state, errors.Join(err, errHostDown))
		}
	})
}

// leader is the host's PID 1 as this machine sees it. It is another one after
// a reboot, and there is none for a moment in between.
func (l *Lab) leader() (int, error) {
	for _, nspawn := range children(l.supervisor().running()) {
		for _, pid := range children(nspawn) {
			if isInit(pid) {
				return pid, nil
			}
		}
	}
	return 0, errHostDown
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

// stopHost cuts the power: nothing of the host is kept.
func (l *Lab) stopHost() error {
	leader, _ := l.leader() // none: nothing to kill but the supervisor
	if err := l.supervisor().kill(); err != nil {
		return err
	}
	if leader == 0 {
		return nil
	}
	if err := syscall.Kill(leader, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return await(context.Background(), "the KVM host's processes to end", 20*time.Second, func(context.Context) error {
		if state, _, err := stat(leader); err == nil && state != "Z" {
			return fmt.Errorf("process %d is in state %s", leader, state)
		}
		return nil
	})
}
