package network

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"wiabctl/provision/change"
)

// settingsFile holds the kernel settings for systemd-sysctl at boot.
const settingsFile = "/etc/sysctl.d/90-wiabctl.conf"

// setting is a kernel setting, and why it is needed.
type setting struct{ key, value, why string }

// settings are those that the ways to the VMs need. The kernel takes the larger
// of all.rp_filter and an interface's own, so "all" covers the bridge too.
func settings() []setting {
	return []setting{
		{"net.ipv4.ip_forward", "1", "packets go through this host to the VMs; docker must not be the one to switch it on"},
		{"net.ipv4.conf.all.rp_filter", "2", "answers may come back another way than the question went"},
		{"net.bridge.bridge-nf-call-iptables", "0", "traffic between VMs is not the firewall's business, and hairpins need it"},
	}
}

// path is where the kernel shows the setting.
func (s setting) path() string {
	return filepath.Join("/proc/sys", strings.ReplaceAll(s.key, ".", "/"))
}

// live is the setting's present value. The keys of a module that is not loaded
// are missing: there is nothing to set then, and our units set it later.
func (s setting) live() (value string, exists bool, err error) {
	text, err := os.ReadFile(s.path())
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("reading %s: %w", s.key, err)
	}
	return strings.TrimSpace(string(text)), true, nil
}

// settingsText is the content of settingsFile, each setting below its reason.
func settingsText() string {
	var text strings.Builder
	text.WriteString("# Written by wiabctl.\n")
	for _, s := range settings() {
		fmt.Fprintf(&text, "\n# %s\n%s = %s\n", s.why, s.key, s.value)
	}
	return text.String()
}

// planSettings is the change that the kernel's settings need.
func (f *Fabric) planSettings(context.Context) ([]change.Change, error) {
	reasons, err := settingsFiles().differ()
	if err != nil {
		return nil, err
	}
	for _, s := range settings() {
		value, exists, err := s.live()
		if err != nil {
			return nil, err
		}
		if exists && value != s.value {
			reasons = append(reasons, fmt.Sprintf("%s is %s, wanted %s", s.key, value, s.value))
		}
	}
	if len(reasons) == 0 {
		return nil, nil
	}
	return []change.Change{{
		Verb: change.Update, Subject: "kernel settings", Reason: strings.Join(reasons, "; "),
		Apply: func(context.Context, change.Progress) error { return errors.Join(settingsFiles().write(), set()) },
	}}, nil
}

// set writes every setting that differs into the running kernel.
func set() error {
	var errs []error
	for _, s := range settings() {
		value, exists, err := s.live()
		if err == nil && exists && value != s.value {
			err = os.WriteFile(s.path(), []byte(s.value), 0o644) // exists already
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("setting %s: %w", s.key, err))
		}
	}
	return errors.Join(errs...)
}

func settingsFiles() files {
	return files{{settingsFile, settingsText()}}
}
