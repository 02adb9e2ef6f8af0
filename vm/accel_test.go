package vm

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"wiabctl/provision/change"
)

func cpuinfo(flags string) string {
	one := "processor\t: 0\nvendor_id\t: X\nflags\t\t: fpu " + flags + "\nvmx flags\t: vnmi\nbugs\t\t:\n\n"
	return one + strings.Replace(one, "processor\t: 0", "processor\t: 1", 1)
}

func TestKVMObstacle(t *testing.T) {
	absent := &fs.PathError{Op: "open", Path: kvmDevice, Err: syscall.ENOENT}
	for _, tc := range []struct {
		name   string
		info   string
		loaded bool
		opened error
		kind   change.Kind // none: nothing to say
		says   string
		warns  bool
		// command mends it; empty: whatever the kind knows
		command string
	}{
		{name: "all is well", info: cpuinfo("vmx sse"), loaded: true},
		{name: "nested", info: cpuinfo("svm hypervisor"), loaded: true, kind: Nested, says: "is a virtual machine itself", warns: true},
		{name: "off in the firmware", info: cpuinfo("sse"), opened: absent, kind: KVMMissing, says: "neither vmx nor svm", command: "systemctl reboot --firmware-setup"},
		{name: "a guest without it", info: cpuinfo("sse hypervisor"), opened: absent, kind: KVMMissing, says: "its hypervisor passes no virtualisation on"},
		{name: "Intel's module is missing", info: cpuinfo("vmx"), opened: absent, kind: KVMMissing, says: "has vmx, but the module kvm_intel is not loaded"},
		{name: "AMD's module is missing", info: cpuinfo("svm"), opened: absent, kind: KVMMissing, says: "has svm, but the module kvm_amd is not loaded", command: "modprobe kvm_amd"},
		{name: "a container", info: cpuinfo("vmx"), loaded: true, opened: absent, kind: KVMMissing, says: "although the module kvm_intel is loaded"},
		{name: "not root", info: cpuinfo("vmx"), loaded: true, opened: &fs.PathError{Op: "open", Path: kvmDevice, Err: syscall.EACCES}, kind: KVMMissing, says: "run wiabctl as root"},
		{name: "not opened", info: cpuinfo("vmx"), loaded: true, opened: &fs.PathError{Op: "open", Path: kvmDevice, Err: syscall.ENODEV}, kind: KVMMissing, says: "no such device"},
		{name: "another processor", info: "processor\t: 0\nFeatures\t: fp asimd\n", opened: absent, kind: KVMMissing, says: "neither vmx nor svm"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := virtualisation{flags: processorFlags(tc.info), loaded: tc.loaded, opened: tc.opened}.obstacle()
			if tc.kind.ID == "" {
				if err != nil {
					t.Errorf("got %v, want nothing", err)
				}
				return
			}
			if !errors.Is(err, tc.kind.Failf("")) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want kind %s saying %q", err, tc.kind.ID, tc.says)
			}
			if remedy := change.Failures(err)[0].Remedy; tc.command != "" && remedy != tc.command {
				t.Errorf("the command is %q, want %q", remedy, tc.command)
			}
			warnings, rest := change.Warnings(err)
			if tc.warns != (len(warnings) == 1) || tc.warns != (rest == nil) {
				t.Errorf("%d warnings, rest %v", len(warnings), rest)
			}
		})
	}
}

func TestOpenable(t *testing.T) {
	device := filepath.Join(t.TempDir(), "kvm")
	if err := openable(device); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing device: %v", err)
	}
	if err := os.WriteFile(device, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := openable(device); err != nil {
		t.Errorf("a device that opens: %v", err)
	}
}
