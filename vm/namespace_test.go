package vm

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wiabctl/provision/change"
)

// stage tells the test binary how far in it is: outside, the first process of its
// namespaces ("init"), or the tests themselves ("tests").
const stage = "WIABCTL_TEST_STAGE"

// TestMain runs the tests as root in their own mount, network and process
// namespaces, with a libvirt daemon of their own: what they make is gone, to the
// last process, when they end, and nothing of the machine's own is seen.
func TestMain(m *testing.M) {
	if os.Geteuid() != 0 {
		os.Exit(m.Run())
	}
	switch os.Getenv(stage) {
	case "":
		os.Exit(enter())
	case "init":
		os.Exit(reap())
	case "tests":
		err := furnishNamespace()
		if err == nil {
			err = os.Setenv(stage, "furnished") // a fuzzing worker finds all as it should be
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "the tests' namespace:", err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
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

// reap runs the tests and, as process 1 must, collects every orphan: libvirt
// waits until the processes it ends are really gone.
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

// furnishNamespace hides the host's libvirt and starts one for the tests.
func furnishNamespace() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	for _, directory := range []string{"/run", "/etc/libvirt", "/var/lib/libvirt", "/var/cache/libvirt", "/var/log/libvirt"} {
		if err := os.MkdirAll(directory, 0o755); err != nil {
			return err
		}
		if err := unix.Mount("tmpfs", directory, "tmpfs", 0, ""); err != nil {
			return fmt.Errorf("mounting %s: %w", directory, err)
		}
	}
	for file, line := range map[string]string{"/etc/passwd": "libvirt-qemu:x:64055:64055::/:/bin/false\n", "/etc/group": "libvirt-qemu:x:64055:\n"} {
		if err := extend(file, line); err != nil {
			return err
		}
	}
	conf := "user = \"root\"\ngroup = \"root\"\nsecurity_driver = \"none\"\ncgroup_controllers = []\nnamespaces = []\nstdio_handler = \"file\"\n"
	if err := os.WriteFile("/etc/libvirt/qemu.conf", []byte(conf), 0o600); err != nil {
		return err
	}
	return startLibvirt()
}

// extend adds a line to a file of the host's as the tests see it: the package
// libvirt-daemon comes without the user that its daemon asks for.
func extend(file, line string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	ours := filepath.Join("/run", filepath.Base(file))
	if err := os.WriteFile(ours, append(text, line...), 0o644); err != nil {
		return err
	}
	return unix.Mount(ours, file, "", unix.MS_BIND, "")
}

// startLibvirt starts the daemon and waits for its socket.
func startLibvirt() error {
	log, err := os.Create(filepath.Join(os.TempDir(), fmt.Sprintf("wiabctl-libvirtd-%d.log", os.Getppid())))
	if err != nil {
		return err
	}
	daemon := exec.Command("/usr/sbin/libvirtd")
	daemon.Stderr = log
	if err := daemon.Start(); err != nil {
		return fmt.Errorf("libvirtd (package libvirt-daemon): %w", err)
	}
	if err := os.Remove(log.Name()); err != nil { // it goes when the daemon does
		return err
	}
	connection := NewConnection()
	defer connection.Close()
	return change.Condition{
		Description: "libvirtd to answer", Deadline: 20 * time.Second, Interval: 20 * time.Millisecond,
		Check: func(ctx context.Context) error { return connection.Use(ctx, ping) },
	}.Await(context.Background(), nil)
}

// needRoot skips what works only on a libvirt daemon of its own.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}
