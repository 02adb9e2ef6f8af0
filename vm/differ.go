package vm

import (
	"fmt"
	"slices"
	"strings"

	"github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"

	"wiabctl/provision/change"
)

// differs says what has to be done about the machine and why; the verb is empty
// when nothing has. Whether it is ready is another question.
func (is *standing) differs(want wanted) (change.Verb, string) {
	switch {
	case is.domain == nil && is.disk != 0:
		return change.Create, "it is not defined; its disk is used as it is"
	case is.domain == nil:
		return change.Create, "it is not defined"
	case is.disk == 0:
		return change.Create, "its disk is missing"
	}
	reasons := is.outdated(want)
	restart := is.stale(want)
	var verb change.Verb
	switch {
	case len(restart) > 0:
		verb, reasons = change.Update, append(merge(reasons, restart), "it will be restarted")
	case len(reasons) > 0:
		verb = change.Update
	}
	if halted := is.halted(); halted != "" {
		reasons = append(reasons, halted)
		if verb == "" {
			verb = change.Start
		}
	}
	return verb, strings.Join(reasons, "; ")
}

// outdated lists what the definition, the files and the settings lack.
func (is *standing) outdated(want wanted) []string {
	reasons := compare(is.defined, want)
	if is.transient {
		reasons = append(reasons, "its definition is gone (virsh undefine)")
	}
	switch {
	case want.image == nil:
		reasons = append(reasons, "its keys do not exist yet")
	case is.mark.Seed != want.digest || is.seed != want.digest:
		reasons = append(reasons, "its seed changed")
	}
	if want.former != "" {
		reasons = append(reasons, "its SSH keys are being replaced")
	}
	if is.disk < want.Disk {
		reasons = append(reasons, fmt.Sprintf("disk is %s, configured %s", is.disk, want.Disk))
	}
	if is.loose {
		reasons = append(reasons, "others may read its disk")
	}
	if is.unlabelled {
		reasons = append(reasons, "its files do not bear our mark")
	}
	if !is.boots {
		reasons = append(reasons, "it does not start with the host")
	}
	return reasons
}

// stale lists why what runs has to be started anew.
func (is *standing) stale(want wanted) []string {
	if is.live == nil {
		return nil
	}
	reasons := compare(is.live, want)
	if want.image != nil && (is.running == nil || !want.fits(is.running.Seed)) {
		reasons = append(reasons, "its seed changed")
	}
	if is.disk < want.Disk {
		reasons = append(reasons, fmt.Sprintf("disk is %s, configured %s", is.disk, want.Disk))
	}
	return reasons
}

// restarts says whether what runs has to end first: it is stale, writes to a disk
// that nobody will find again, can never go on, or is about to end anyway.
func (is *standing) restarts(want wanted) bool {
	return len(is.stale(want)) > 0 || is.active() && is.disk == 0 || is.dead() || is.state == libvirt.DomainShutdown
}

// compare lists in words where a definition differs from what is wanted.
// libvirt fills in much that we leave to it; only what we say is compared.
func compare(domain *libvirtxml.Domain, want wanted) []string {
	var reasons []string
	differ := func(what string, is, should any) {
		if is == "" {
			is = "none"
		}
		if is != should {
			reasons = append(reasons, fmt.Sprintf("%s is %v, configured %v", what, is, should))
		}
	}
	differ("type", domain.Type, want.Accel.domainType())
	differ("CPU", processor(domain.CPU), processor(want.Accel.cpu()))
	differ("memory", memory(domain), want.Memory)
	differ("CPUs", cpus(domain), want.CPUs)
	differ("what follows a reboot", domain.OnReboot, onReboot)
	if domain.Devices == nil {
		return append(reasons, "it has no devices")
	}
	disks := files(domain)
	differ("disk", disks["vda"], want.disk)
	differ("seed", disks["vdb"], want.seed)
	mac, network := link(domain)
	differ("MAC address", mac, want.MAC)
	differ("network", network, want.network)
	if unplugged(domain) {
		reasons = append(reasons, "its network interface is unplugged")
	}
	differ("console's log", consoleLog(domain), want.console)
	if len(domain.Devices.RNGs) == 0 {
		reasons = append(reasons, "it has no source of random numbers")
	}
	return reasons
}

// processor names the kind of CPU: the mode, and the model where that is chosen.
func processor(cpu *libvirtxml.DomainCPU) string {
	switch {
	case cpu == nil:
		return ""
	case cpu.Mode == "custom" && cpu.Model != nil:
		return cpu.Model.Value
	default:
		return cpu.Mode
	}
}

func memory(domain *libvirtxml.Domain) Size {
	if domain.Memory == nil {
		return 0
	}
	return Size(domain.Memory.Value) * 1024 // libvirt answers in KiB
}

func cpus(domain *libvirtxml.Domain) int {
	if domain.VCPU == nil {
		return 1
	}
	return int(domain.VCPU.Value)
}

func files(domain *libvirtxml.Domain) map[string]string {
	found := map[string]string{}
	for _, disk := range domain.Devices.Disks {
		if disk.Target != nil && disk.Source != nil && disk.Source.File != nil {
			found[disk.Target.Dev] = disk.Source.File.File
		}
	}
	return found
}

func link(domain *libvirtxml.Domain) (mac, network string) {
	if len(domain.Devices.Interfaces) != 1 {
		return "", ""
	}
	nic := domain.Devices.Interfaces[0]
	if nic.MAC != nil {
		mac = nic.MAC.Address
	}
	if nic.Source != nil && nic.Source.Network != nil {
		network = nic.Source.Network.Network
	}
	return mac, network
}

// unplugged says whether somebody took the cable out (virsh domif-setlink).
func unplugged(domain *libvirtxml.Domain) bool {
	return slices.ContainsFunc(domain.Devices.Interfaces, func(nic libvirtxml.DomainInterface) bool {
		return nic.Link != nil && nic.Link.State == "down"
	})
}

func consoleLog(domain *libvirtxml.Domain) string {
	for _, serial := range domain.Devices.Serials {
		if serial.Log != nil {
			return serial.Log.File
		}
	}
	return ""
}

// merge is the first list and what only the second has.
func merge(first, second []string) []string {
	seen := map[string]bool{}
	var all []string
	for _, item := range append(append([]string{}, first...), second...) {
		if !seen[item] {
			seen[item] = true
			all = append(all, item)
		}
	}
	return all
}
