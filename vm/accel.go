package vm

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// Where Linux tells of the processor's virtualisation.
const (
	kvmDevice     = "/dev/kvm"
	processorInfo = "/proc/cpuinfo"
	kernelModules = "/sys/module"
)

// virtualisation is what the host says of it.
type virtualisation struct {
	flags  []string // of the processor, as /proc/cpuinfo names them
	loaded bool     // the processor's module of KVM is
	opened error    // why the device cannot be opened, nil if it can
}

// lookAtKVM finds out what the host says of its virtualisation.
func lookAtKVM() (virtualisation, error) {
	info, err := os.ReadFile(processorInfo)
	if err != nil {
		return virtualisation{}, fmt.Errorf("looking for KVM: %w", err)
	}
	v := virtualisation{flags: processorFlags(string(info)), opened: openable(kvmDevice)}
	if module, _ := v.module(); module != "" {
		_, err := os.Stat(kernelModules + "/" + module)
		v.loaded = err == nil
	}
	return v, nil
}

// openable is why a device cannot be opened for reading and writing.
func openable(device string) error {
	file, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return file.Close()
}

// processorFlags are those of the first processor in the text of /proc/cpuinfo.
func processorFlags(info string) []string {
	for line := range strings.Lines(info) {
		if name, flags, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "flags" {
			return strings.Fields(flags)
		}
	}
	return nil
}

// module is the name of the processor's module of KVM, and the flag that shows that
// the processor has what it needs; empty if it shows none. A kernel since 5.6 hides
// the flag when the firmware has switched virtualisation off.
func (v virtualisation) module() (name, flag string) {
	switch {
	case slices.Contains(v.flags, "vmx"):
		return "kvm_intel", "vmx"
	case slices.Contains(v.flags, "svm"):
		return "kvm_amd", "svm"
	default:
		return "", ""
	}
}

// obstacle is a Failure that says why KVM cannot be used, and a Warning where it
// can, but the host is a virtual machine itself.
func (v virtualisation) obstacle() error {
	module, flag := v.module()
	guest := slices.Contains(v.flags, "hypervisor")
	switch {
	case v.opened == nil && guest:
		return Nested.Warnf("this host is a virtual machine itself, so the VMs run nested, and slower")
	case v.opened == nil:
		return nil
	case errors.Is(v.opened, fs.ErrPermission):
		return KVMMissing.Failf("%s may not be opened: %w; run wiabctl as root, and not in a container that withholds the device", kvmDevice, v.opened).By("sudo wiabctl preflight")
	case !errors.Is(v.opened, fs.ErrNotExist):
		return KVMMissing.Failf("%s cannot be opened: %w", kvmDevice, v.opened)
	case module == "" && guest:
		return KVMMissing.Failf("there is no %s: this host is a virtual machine, and its hypervisor passes no virtualisation on to it", kvmDevice)
	case module == "":
		return KVMMissing.Failf("there is no %s: the processor shows neither vmx nor svm, so virtualisation is off in the firmware or it has none", kvmDevice).By("systemctl reboot --firmware-setup")
	case !v.loaded:
		return KVMMissing.Failf("there is no %s: the processor has %s, but the module %s is not loaded", kvmDevice, flag, module).By("modprobe " + module)
	default:
		return KVMMissing.Failf("there is no %s, although the module %s is loaded: a container has to be given the device", kvmDevice, module)
	}
}
