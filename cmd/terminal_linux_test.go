package cmd

import "syscall"

// onTerminal makes a process's standard input its controlling terminal, so that keys become
// signals.
func onTerminal() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true, Setctty: true} }
