package lab

import (
	"bytes"
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

// process is a program of the lab that outlives the one that started it. Its
// file holds pid and start time, so that a pid used again is not mistaken.
type process struct {
	file string
}

// start runs cmd as the leader of a new session.
func (p process) start(cmd *exec.Cmd, log string) error {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }() // no zombie while this program lives; its end is seen by running
	_, born, err := stat(cmd.Process.Pid)
	if err != nil {
		return fmt.Errorf("%s ended at once, see %s", filepath.Base(cmd.Path), log)
	}
	return os.WriteFile(p.file, fmt.Appendf(nil, "%d %s\n", cmd.Process.Pid, born), 0o644)
}

// running returns the pid, 0 when the process has ended or never was.
func (p process) running() int {
	text, err := os.ReadFile(p.file)
	if err != nil {
		return 0
	}
	first, born, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	pid, err := strconv.Atoi(first)
	if err != nil {
		return 0
	}
	if state, now, err := stat(pid); err != nil || state == "Z" || now != born {
		return 0
	}
	return pid
}

// kill ends the process and its session's group, and waits until it is gone.
func (p process) kill() error {
	pid := p.running()
	if pid == 0 {
		return nil
	}
	if err := syscall.Kill(-pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	end := time.Now().Add(10 * time.Second)
	for tick := time.Tick(10 * time.Millisecond); p.running() != 0; <-tick {
		if time.Now().After(end) {
			return fmt.Errorf("process %d does not end after SIGKILL", pid)
		}
	}
	return nil
}

// stat reads state and start time of a process: proc(5), fields 3 and 22.
func stat(pid int) (state, born string, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", "", err
	}
	// Field 2 is the name in parentheses, which may hold anything.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 20 {
		return "", "", fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	return fields[0], fields[19], nil
}

// children lists the processes that pid started and that live.
func children(pid int) []int {
	var pids []int
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil
	}
	for _, t := range tasks {
		text, err := os.ReadFile(t)
		if err != nil {
			continue
		}
		for f := range strings.FieldsSeq(string(text)) {
			if child, err := strconv.Atoi(f); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}
