package vm

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wiabctl/provision/change"
)

// stage tells the test binary how far in it is: outside, the first process of its
// namespaces ("init"), the tests before their namespaces are furnished ("tests"),
// or after ("furnished").
const stage = "WIABCTL_TEST_STAGE"

// TestMain runs the tests as root in network, mount and process namespaces of their
// own, with a libvirt daemon of their own and an /etc that is a copy: what they make
// is gone, to the last process, when they end, and nothing of the machine's own is
// touched.
func TestMain(m *testing.M) {
	os.Exit(staged(m)) //nolint:forbidigo // this is the test binary's main
}

// staged does what the binary's stage asks for and returns its exit code.
func staged(m *testing.M) int {
	if os.Geteuid() != 0 {
		return m.Run()
	}
	switch os.Getenv(stage) {
	case "":
		return enter()
	case "init":
		return reap()
	case "tests":
		if err := furnishHost(); err != nil {
			fmt.Fprintln(os.Stderr, "the tests' namespaces:", err)
			return 1
		}
	}
	return m.Run()
}

// enter runs this binary again as process 1 of new namespaces.
func enter() int {
	again := itself("init")
	again.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
	}
	if err := again.Run(); again.ProcessState == nil {
		fmt.Fprintln(os.Stderr, "entering namespaces:", err)
		return 1
	}
	return again.ProcessState.ExitCode()
}

// reap runs the tests and, as process 1 must, collects every orphan.
func reap() int {
	tests := itself("tests")
	if err := tests.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "starting the tests:", err)
		return 1
	}
	for {
		var status syscall.WaitStatus
		if pid, err := syscall.Wait4(-1, &status, 0, nil); err == nil && pid == tests.Process.Pid {
			return status.ExitStatus()
		}
	}
}

func itself(next string) *exec.Cmd {
	again := exec.Command("/proc/self/exe", os.Args[1:]...)
	again.Env = append(os.Environ(), stage+"="+next)
	again.Stdin, again.Stdout, again.Stderr = os.Stdin, os.Stdout, os.Stderr
	return again
}

// furnishHost gives the namespaces a private /etc and /var, and libvirt.
func furnishHost() error {
	if err := os.Setenv(stage, "furnished"); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	if err := unix.Mount("tmpfs", "/run", "tmpfs", 0, ""); err != nil {
		return fmt.Errorf("mounting /run: %w", err)
	}
	for _, directory := range []string{"/etc", "/var"} {
		upper, work := "/run/upper"+directory, "/run/work"+directory
		if err := os.MkdirAll(upper, 0o755); err != nil {
			return err
		}
		if err := os.MkdirAll(work, 0o755); err != nil {
			return err
		}
		if err := unix.Mount("overlay", directory, "overlay", 0, "lowerdir="+directory+",upperdir="+upper+",workdir="+work); err != nil {
			return fmt.Errorf("mounting an overlay on %s: %w", directory, err)
		}
	}
	return startLibvirt()
}

// needRoot skips what works only on a libvirt daemon of its own.
func needRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

// startLibvirt starts the daemon and waits until it answers. The package
// libvirt-daemon comes without the user that its QEMU driver asks for.
func startLibvirt() error {
	for path, line := range map[string]string{"/etc/passwd": "libvirt-qemu:x:64055:64055::/:/bin/false\n", "/etc/group": "libvirt-qemu:x:64055:\n"} {
		list, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if _, err := list.WriteString(line); err != nil {
			return err
		}
		if err := list.Close(); err != nil {
			return err
		}
	}
	conf := "user = \"root\"\ngroup = \"root\"\nsecurity_driver = \"none\"\ncgroup_controllers = []\nnamespaces = []\nstdio_handler = \"file\"\n"
	if err := os.MkdirAll("/etc/libvirt", 0o755); err != nil {
		return err
	}
	if err := os.WriteFile("/etc/libvirt/qemu.conf", []byte(conf), 0o600); err != nil {
		return err
	}
	log, err := os.Create("/run/libvirtd.log")
	if err != nil {
		return err
	}
	daemon := exec.Command("/usr/sbin/libvirtd")
	daemon.Stderr = log
	if err := daemon.Start(); err != nil {
		return fmt.Errorf("libvirtd (package libvirt-daemon): %w", err)
	}
	connection := NewConnection()
	defer connection.Close()
	return change.Condition{
		Description: "libvirtd to answer", Deadline: 20 * time.Second, Interval: 20 * time.Millisecond,
		Check: func(ctx context.Context) error { return connection.Use(ctx, ping) },
	}.Await(context.Background(), nil)
}
