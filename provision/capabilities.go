package provision

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// capability is a right of root's, by its number in capabilities(7).
type capability struct {
	number int
	name   string
}

// needed are those without which a stage fails.
func neededCapabilities() []capability {
	return []capability{
		{unix.CAP_CHOWN, "CAP_CHOWN"},
		{unix.CAP_DAC_OVERRIDE, "CAP_DAC_OVERRIDE"},
		{unix.CAP_FOWNER, "CAP_FOWNER"},
		{unix.CAP_KILL, "CAP_KILL"},
		{unix.CAP_SETGID, "CAP_SETGID"},
		{unix.CAP_SETUID, "CAP_SETUID"},
		{unix.CAP_NET_ADMIN, "CAP_NET_ADMIN"},
		{unix.CAP_NET_RAW, "CAP_NET_RAW"},
		{unix.CAP_SYS_ADMIN, "CAP_SYS_ADMIN"},
		{unix.CAP_SYS_PTRACE, "CAP_SYS_PTRACE"},
	}
}

// capabilityCheck refuses a root that may not do what root does.
func capabilityCheck(context.Context) error {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return fmt.Errorf("the capabilities: %w", err)
	}
	lacking, err := capabilitiesLacking(string(status))
	if err != nil {
		return err
	}
	if len(lacking) > 0 {
		return CapabilityMissing.Failf("root lacks %s here", strings.Join(lacking, ", "))
	}
	return nil
}

// capabilitiesLacking names what the effective set in the text of /proc/self/status (proc_pid_status(5)) lacks.
func capabilitiesLacking(status string) ([]string, error) {
	for line := range strings.Lines(status) {
		hex, found := strings.CutPrefix(line, "CapEff:")
		if !found {
			continue
		}
		set, err := strconv.ParseUint(strings.TrimSpace(hex), 16, 64)
		if err != nil {
			return nil, fmt.Errorf("the capabilities: %w", err)
		}
		var lacking []string
		for _, c := range neededCapabilities() {
			if set&(1<<c.number) == 0 {
				lacking = append(lacking, c.name)
			}
		}
		return lacking, nil
	}
	return nil, fmt.Errorf("the capabilities: /proc/self/status has no line CapEff")
}
