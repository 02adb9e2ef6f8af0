package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"al.essio.dev/pkg/shellescape"
)

// localhost is the host that needs no connection.
const localhost = "localhost"

// sshConfig is what ansible.cfg and the environment say about connections.
type sshConfig struct {
	hostKeyChecking bool
	controlDir      string // where the sockets of shared connections are
}

// loadSSHConfig reads host_key_checking as Ansible does: the environment wins
// over the file that ANSIBLE_CONFIG names; the default is to check.
func loadSSHConfig(getenv func(string) string) (sshConfig, error) {
	cfg := sshConfig{hostKeyChecking: true, controlDir: filepath.Join(getenv("HOME"), ".ansible", "cp")}
	if err := os.MkdirAll(cfg.controlDir, 0o700); err != nil {
		return cfg, err
	}
	if path := getenv("ANSIBLE_CONFIG"); path != "" {
		f, err := os.Open(path)
		if err != nil {
			return cfg, fmt.Errorf("ansible.cfg: %w", err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			key, value, ok := strings.Cut(lines.Text(), "=")
			if ok && strings.TrimSpace(key) == "host_key_checking" {
				cfg.hostKeyChecking = truth(value)
			}
		}
	}
	if value := getenv("ANSIBLE_HOST_KEY_CHECKING"); value != "" {
		cfg.hostKeyChecking = truth(value)
	}
	return cfg, nil
}

// truth reads a boolean in any of Ansible's spellings.
func truth(value any) bool {
	switch strings.ToLower(strings.TrimSpace(fmt.Sprint(value))) {
	case "true", "yes", "on", "1", "y", "t":
		return true
	}
	return false
}

// text is a variable as a string, empty when it is not there.
func (h host) text(name string) string {
	if v, ok := h.vars[name]; ok && v != nil {
		return fmt.Sprint(v)
	}
	return ""
}

// address is where the host is reached.
func (h host) address() string {
	if a := h.text("ansible_host"); a != "" {
		return a
	}
	return h.name
}

// command is the process that runs a script of that size as root on the host. It
// takes the script from its standard input, so that no list of processes shows
// it; dd reads no byte more, because what follows belongs to the script.
func (h host) command(ctx context.Context, cfg sshConfig, size int) (*exec.Cmd, error) {
	shell := fmt.Sprintf(`script=$(dd bs=%d count=1 iflag=fullblock 2>/dev/null); eval "$script"`, size)
	if h.name == localhost {
		return exec.CommandContext(ctx, "sh", "-c", shell), nil
	}
	args, err := h.sshArgs(cfg)
	if err != nil {
		return nil, err
	}
	return exec.CommandContext(ctx, "ssh", append(args, h.address(), "sudo -n sh -c "+shellescape.Quote(shell))...), nil
}

// sshArgs are ssh's options in Ansible's order, with its default of shared connections. Of an option given twice ssh
// takes the first, so host_key_checking=False beats what
// ansible_ssh_common_args says.
func (h host) sshArgs(cfg sshConfig) ([]string, error) {
	check := cfg.hostKeyChecking
	for _, name := range []string{"ansible_host_key_checking", "ansible_ssh_host_key_checking"} {
		if v, ok := h.vars[name]; ok {
			check = truth(v)
		}
	}
	// A connection is kept for the next playbook: under emulation a handshake takes a second.
	args := []string{"-o", "ControlMaster=auto", "-o", "ControlPersist=60s", "-o", "ControlPath=" + cfg.controlDir + "/%C"}
	if !check {
		args = append(args, "-o", "StrictHostKeyChecking=no")
	}
	if port := h.text("ansible_port"); port != "" {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return nil, fmt.Errorf("ansible_port: %w", err)
		}
		args = append(args, "-o", "Port="+port)
	}
	if key := h.text("ansible_ssh_private_key_file"); key != "" {
		args = append(args, "-o", "IdentityFile="+strconv.Quote(key))
	}
	args = append(args, "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "LogLevel=ERROR")
	if user := h.text("ansible_user"); user != "" {
		args = append(args, "-o", "User="+strconv.Quote(user))
	}
	common := h.text("ansible_ssh_common_args")
	if strings.ContainsAny(common, "'\"\\") {
		return nil, fmt.Errorf("ansible_ssh_common_args: quotes are not understood: %s", common)
	}
	return append(args, strings.Fields(common)...), nil
}
