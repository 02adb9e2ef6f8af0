package vm

import "wiabctl/provision/change"

// What can go wrong with the machines; exit codes 30 to 39.
var (
	KVMMissing = change.Kind{
		ID: "kvm-missing", Exit: 30,
		Means:  "this host offers no hardware virtualisation (/dev/kvm)",
		Advice: "switch virtualisation on in the firmware and load kvm_intel or kvm_amd, or set vms.accel: tcg (slow emulation)",
		Breaks: "the VMs do not start", Command: "virt-host-validate qemu",
	}
	Foreign = change.Kind{
		ID: "vm-foreign", Exit: 31,
		Means:  "a VM or disk of a name that wiabctl needs exists, and wiabctl did not make it",
		Advice: "rename or remove it yourself (virsh undefine, or move the disk away), then run again",
		Breaks: "the VM of that name cannot be made", Command: "virsh list --all",
	}
	Died = change.Kind{
		ID: "vm-died", Exit: 32,
		Means:  "a VM ended while it was waited for",
		Advice: "read the end of its console above; run `wiabctl up` again to restart it",
	}
	NotReady = change.Kind{
		ID: "vm-not-ready", Exit: 33,
		Means:  "a VM runs and did not become ready in time",
		Advice: "look at its console (`wiabctl vm console NAME`, `wiabctl vm logs NAME`), or raise vms.ready if the host is slow",
	}
	Unreachable = change.Kind{
		ID: "libvirt-unreachable", Exit: 34,
		Means:  "libvirt does not answer on its socket",
		Advice: "see `systemctl status libvirtd` and start or restart it",
		Breaks: "VMs and their network can be neither seen nor made", Command: "systemctl restart libvirtd",
	}
	DiskShrinks = change.Kind{
		ID: "vm-disk-shrinks", Exit: 35,
		Means:  "the configuration gives a VM a smaller disk than the one it has",
		Advice: "set the size back: a disk can grow, never shrink",
		Breaks: "`up` refuses to go on, for a smaller disk would lose data", Command: "sudoedit /etc/wiabctl/wiabctl.yaml",
	}
	DiskSpace = change.Kind{
		ID: "disk-space", Exit: 36,
		Means:  "the file system of the VMs' disks has too little room for what they may become",
		Advice: "make room on the file system of /var/lib/libvirt/images, or make vms.sizes.*.disk smaller",
		Breaks: "a VM that finds no room for what it writes is paused", Command: "du -xhd 2 /var | sort -h | tail -n 20", Overrulable: true,
	}
	DiskOrphaned = change.Kind{
		ID: "vm-disk-orphaned", Exit: 37,
		Means:  "a disk of ours is there, and its VM is not",
		Advice: "use it as it is with `wiabctl up --reuse-disks`, or move it away and begin with an empty one",
		Breaks: "the VM is not made, for its data could be lost", Command: "wiabctl up --reuse-disks",
	}
	MemoryShort = change.Kind{
		ID: "memory-short", Exit: 38,
		Means:  "the host has less memory to give than the VMs may take",
		Advice: "end what else takes the host's memory, add some or swap, or make vms.sizes.*.memory smaller",
		Breaks: "VMs do not start, or the kernel ends one of them later", Command: "ps -e -o rss,pid,comm --sort=-rss | head", Overrulable: true,
	}
	Nested = change.Kind{
		ID: "nested", Exit: 39,
		Means:  "this host is a virtual machine itself, so its VMs are slow",
		Advice: "that is fine for a try; a lasting installation belongs on a physical host",
		Breaks: "the VMs are slow, and so are the scripts that wait for them", Command: "systemd-detect-virt --vm", Overrulable: true,
	}
	Missing = change.Kind{
		ID: "vm-missing", Exit: 97,
		Means:  "the VM, or what is kept of it, is not there",
		Advice: "`wiabctl up` makes what is missing",
	}
	ConsoleBusy = change.Kind{
		ID: "console-busy", Exit: 98,
		Means:  "somebody else has the VM's console open",
		Advice: "leave the other console first (Ctrl-]); `wiabctl vm logs -f NAME` only looks",
	}
	Unfit = change.Kind{
		ID: "vm-unfit", Exit: 90,
		Means:  "a machine of yours is not what the configuration says of it",
		Advice: "mend the machine, or what the configuration says of it (vms.sizes, vms.interface), then run the same command again",
		Breaks: "upstream's scripts, or the databases, fail on that machine", Command: "sudoedit /etc/wiabctl/wiabctl.yaml", Overrulable: true,
	}
	Aloof = change.Kind{
		ID: "vm-external-unreachable", Exit: 91,
		Means:  "a machine of yours does not let wiabctl in over SSH",
		Advice: "make it answer over SSH at vms.machines' address, let vms.user in with vms.key, and have its host key in vms.known_hosts",
		Breaks: "nothing can be done on that machine", Command: "sudoedit /etc/wiabctl/wiabctl.yaml",
	}
	Elsewhere = change.Kind{
		ID: "vm-elsewhere", Exit: 96,
		Means:  "the command is for VMs that wiabctl runs, and these are run by somebody else",
		Advice: "use the tools of whoever runs these VMs; `wiabctl vm list` and `wiabctl vm ssh` work with them",
	}
)

// What a host may have too little of, or too old.
var (
	CoresShort = change.Kind{
		ID: "cores-short", Exit: 6,
		Means:  "the host has fewer processor cores than the VMs are to have",
		Advice: "make vms.sizes.*.cpus smaller, or take a host with more cores",
		Breaks: "the VMs wait for each other, and upstream's scripts, which count on time, may give up", Command: "sudoedit /etc/wiabctl/wiabctl.yaml", Overrulable: true,
	}
	LibvirtOutdated = change.Kind{
		ID: "libvirt-outdated", Exit: 7,
		Means:  "libvirt is older than all that wiabctl was tried with",
		Advice: "use Debian 12, Ubuntu 22.04 or 24.04, whose libvirt is new enough",
		Breaks: "what the VMs and their network are described with may not be known to it", Command: "apt-get install libvirt-daemon-system", Overrulable: true,
	}
	TunMissing = change.Kind{
		ID: "tun-missing", Exit: 5,
		Means:  "the kernel offers no devices of the kind tun, which connect VMs with the host",
		Advice: "load the module; a container has to be given /dev/net/tun",
		Breaks: "the VMs have no network, and do not start", Command: "modprobe tun", Overrulable: true,
	}
)

// Kinds lists the failures of this package.
func Kinds() []change.Kind {
	return append(snapshotKinds(), KVMMissing, Foreign, Died, NotReady, Unreachable, DiskShrinks, DiskSpace, DiskOrphaned, MemoryShort, Nested, Missing, ConsoleBusy, Unfit, Aloof, Elsewhere, CoresShort, LibvirtOutdated, TunMissing)
}
