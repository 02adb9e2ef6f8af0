package vm

import (
	"libvirt.org/go/libvirtxml"
)

// paths are the files of a machine on the host.
type paths struct {
	disk    string // qcow2 overlay over the base image
	seed    string // NoCloud image, holds keys: 0600
	console string // what the serial console printed
}

// onReboot is what follows when a guest reboots: it starts again, in the same process.
const onReboot = "restart"

// domain is the libvirt definition of the machine on the named libvirt network.
func (m Machine) domain(network string, at paths, seed string) (*libvirtxml.Domain, error) {
	metadata, err := mark{Deployment: m.Deployment, Seed: seed}.metadata()
	if err != nil {
		return nil, err
	}
	return &libvirtxml.Domain{
		Type:     m.Accel.domainType(),
		Name:     m.Name,
		UUID:     m.UUID,
		Metadata: metadata,
		Memory:   &libvirtxml.DomainMemory{Value: uint(m.Memory / 1024), Unit: "KiB"},
		VCPU:     &libvirtxml.DomainVCPU{Placement: "static", Value: uint(m.CPUs)},
		CPU:      m.Accel.cpu(),
		OS: &libvirtxml.DomainOS{
			Type:        &libvirtxml.DomainOSType{Arch: "x86_64", Machine: "q35", Type: "hvm"},
			BootDevices: []libvirtxml.DomainBootDevice{{Dev: "hd"}},
		},
		Features: &libvirtxml.DomainFeatureList{
			ACPI: &libvirtxml.DomainFeature{},
			APIC: &libvirtxml.DomainFeatureAPIC{},
		},
		Clock:      &libvirtxml.DomainClock{Offset: "utc"},
		OnPoweroff: "destroy",
		OnReboot:   onReboot,
		OnCrash:    "destroy",
		Devices:    m.devices(network, at),
	}, nil
}

func (m Machine) devices(network string, at paths) *libvirtxml.DomainDeviceList {
	port := uint(0)
	return &libvirtxml.DomainDeviceList{
		Disks: []libvirtxml.DomainDisk{
			disk(at.disk, "vda", &libvirtxml.DomainDiskDriver{Name: "qemu", Type: "qcow2", Discard: "unmap"}, nil),
			// A virtio disk, no CD-ROM: cloud kernels have no AHCI driver.
			disk(at.seed, "vdb", &libvirtxml.DomainDiskDriver{Name: "qemu", Type: "raw"}, &libvirtxml.DomainDiskReadOnly{}),
		},
		Controllers: []libvirtxml.DomainController{{Type: "usb", Model: "none"}},
		Interfaces: []libvirtxml.DomainInterface{{
			MAC:    &libvirtxml.DomainInterfaceMAC{Address: m.MAC},
			Source: &libvirtxml.DomainInterfaceSource{Network: &libvirtxml.DomainInterfaceSourceNetwork{Network: network}},
			Model:  &libvirtxml.DomainInterfaceModel{Type: "virtio"},
		}},
		Serials: []libvirtxml.DomainSerial{{
			Source: &libvirtxml.DomainChardevSource{Pty: &libvirtxml.DomainChardevSourcePty{}},
			Log:    &libvirtxml.DomainChardevLog{File: at.console, Append: "on"},
			Target: &libvirtxml.DomainSerialTarget{Type: "isa-serial", Port: &port},
		}},
		Consoles: []libvirtxml.DomainConsole{{
			Source: &libvirtxml.DomainChardevSource{Pty: &libvirtxml.DomainChardevSourcePty{}},
			Target: &libvirtxml.DomainConsoleTarget{Type: "serial", Port: &port},
		}},
		// By it the guest's kernel tells that it has given up.
		Panics:     []libvirtxml.DomainPanic{{Model: "isa"}},
		MemBalloon: &libvirtxml.DomainMemBalloon{Model: "virtio"},
		RNGs: []libvirtxml.DomainRNG{{
			Model:   "virtio",
			Backend: &libvirtxml.DomainRNGBackend{Random: &libvirtxml.DomainRNGBackendRandom{Device: "/dev/urandom"}},
		}},
	}
}

func disk(file, target string, driver *libvirtxml.DomainDiskDriver, readOnly *libvirtxml.DomainDiskReadOnly) libvirtxml.DomainDisk {
	return libvirtxml.DomainDisk{
		Device:   "disk",
		Driver:   driver,
		Source:   &libvirtxml.DomainDiskSource{File: &libvirtxml.DomainDiskSourceFile{File: file}},
		Target:   &libvirtxml.DomainDiskTarget{Dev: target, Bus: "virtio"},
		ReadOnly: readOnly,
	}
}

func (a Accel) domainType() string {
	if a == TCG {
		return "qemu"
	}
	return "kvm"
}

// cpu is the host's own under KVM; under emulation qemu64, the cheapest to emulate.
func (a Accel) cpu() *libvirtxml.DomainCPU {
	if a == TCG {
		return &libvirtxml.DomainCPU{Mode: "custom", Match: "exact", Check: "none", Model: &libvirtxml.DomainCPUModel{Value: "qemu64", Fallback: "allow"}}
	}
	return &libvirtxml.DomainCPU{Mode: "host-passthrough", Check: "none"}
}
