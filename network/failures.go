package network

import "wiabctl/provision/change"

// What can go wrong with the network; exit codes 40 to 49.
var (
	PortTaken = change.Kind{
		ID: "port-taken", Exit: 40,
		Means:  "a program on this host listens on a port that belongs to Wire",
		Advice: "stop that program or make it listen on 127.0.0.1; the port belongs to Wire on this host (network.media says which UDP ports do)",
		Breaks: "what comes in at that port goes to the VMs, and no longer to that program", Command: "ss -lnptu", Overrulable: true,
	}
	Foreign = change.Kind{
		ID: "network-foreign", Exit: 41,
		Means:  "a libvirt network or bridge of the configured name exists, and wiabctl did not make it",
		Advice: "remove it if nobody needs it (virsh net-destroy, virsh net-undefine), or choose another network.name and network.bridge",
		Breaks: "the VMs' network cannot be made", Command: "virsh net-list --all",
	}
	SubnetClash = change.Kind{
		ID: "subnet-clash", Exit: 42,
		Means:  "the range of the VMs' network is in use elsewhere on this host",
		Advice: "set network.subnet to the free range named above, or give up the other use of this one",
		Breaks: "packets for the VMs go elsewhere, or those for elsewhere to the VMs", Command: "sudoedit /etc/wiabctl/wiabctl.yaml", Overrulable: true,
	}
	NoUplink = change.Kind{
		ID: "uplink-unknown", Exit: 43,
		Means:  "which interface and address face the internet cannot be told",
		Advice: "set network.wan (and network.public_address) to the interface that faces the internet",
		Breaks: "nothing leads from the internet to the VMs", Command: "ip route show default",
	}
	InUse = change.Kind{
		ID: "network-in-use", Exit: 44,
		Means:  "the VMs' network would have to restart or go while VMs are on it",
		Advice: "undo the change in the configuration, or shut the VMs down (virsh shutdown) and run again",
	}
	FirewallUnproven = change.Kind{
		ID: "firewall-unproven", Exit: 93,
		Means:  "nobody logged in over SSH through the host's new firewall, so it was taken back",
		Advice: "run it again and log in from a second terminal while it waits; network.firewall.allow names what else has to come in",
	}
)

// What can go wrong with the ways through the network.
var (
	EgressClosed = change.Kind{
		ID: "egress-closed", Exit: 47,
		Means:  "the VMs are let out nowhere, and certificates need a way out",
		Advice: "set network.egress: acme, which lets the VMs reach what certificates need and nothing else",
		Breaks: "certificates are neither issued nor renewed", Command: "sudoedit /etc/wiabctl/wiabctl.yaml", Overrulable: true,
	}
	SSHCaptured = change.Kind{
		ID: "ssh-captured", Exit: 48,
		Means:  "SSH to this host uses a port that is about to lead to the VMs",
		Advice: "move sshd to another port (Port in /etc/ssh/sshd_config), log in there, then run again",
		Breaks: "nobody could log in to this host any more", Command: "sudoedit /etc/ssh/sshd_config",
	}
	Broken = change.Kind{
		ID: "network-broken", Exit: 49,
		Means:  "connections over a way that should be open did not come about",
		Advice: "run `wiabctl up`; then compare `wiabctl network show` with `nft list ruleset`, where another table may drop what ours lets through",
	}
	Flush = change.Kind{
		ID: "nftables-flush", Exit: 45,
		Means:  "a service of this host flushes everybody's rules, and only docker's do not come back by themselves",
		Advice: "replace `flush ruleset` in /etc/nftables.conf by a `delete table` for each table of that file, or restart docker after each flush",
		Breaks: "docker's rules are lost at each start, reload or stop of nftables.service", Command: "sudoedit /etc/nftables.conf", Overrulable: true,
	}
	Wall = change.Kind{
		ID: "firewall-foreign", Exit: 46,
		Means:  "a firewall that wiabctl did not make drops packets that the installation needs, or may",
		Advice: "type the commands named above, or take that firewall away; then run again",
		Breaks: "clients do not reach the VMs, or the VMs not each other", Command: "nft list ruleset", Overrulable: true,
	}
)

// What keeps the VMs from places of the internet, and from themselves through it.
var (
	HairpinClosed = change.Kind{
		ID: "hairpin-closed", Exit: 105,
		Means:  "the VMs cannot reach the public address from inside, as cert-manager's own check has to",
		Advice: "open it with `wiabctl network hairpin on`; cert-manager goes on by itself, and `wiabctl up` waits for it",
		Breaks: "certificates are neither issued nor renewed", Command: "wiabctl network hairpin on", Overrulable: true,
	}
	NameLost = change.Kind{
		ID: "name-lost", Exit: 106,
		Means:  "a name of a domain does not lead to this installation as the VMs see it",
		Advice: "make the domain's DNS records (A, and no AAAA) name the address that leads here; the VMs ask this host's own name servers",
	}
)

// NameServerClash is a name server of somebody else's in the place of libvirt's.
var NameServerClash = change.Kind{
	ID: "name-server-clash", Exit: 87,
	Means: "a name server of somebody else's listens where libvirt's has to",
	Advice: "make it leave the VMs' bridge alone and restart it: for dnsmasq `except-interface=virbr0` (network.bridge) with `bind-interfaces` or `bind-dynamic`, " +
		"for others the addresses that they are to listen on; wiabctl does not touch it",
	Breaks: "the VMs get no answer from libvirt's name server, and no address", Command: "ss -lnptu sport = :53",
}

// BridgeMissing is what can be wrong with an interface that is not ours.
var BridgeMissing = change.Kind{
	ID: "bridge-missing", Exit: 99,
	Means:  "the interface that leads to machines of yours is not there, or leads not to all",
	Advice: "set network.bridge to the interface that leads to vms.machines, and give it a route to all of them",
	Breaks: "this host does not reach the VMs", Command: "ip route",
}

// What a host or its place on the internet can lack.
var (
	KernelMissing = change.Kind{
		ID: "kernel-feature-missing", Exit: 4,
		Means:  "the kernel lacks a part that the VMs' network or the firewall is made with",
		Advice: "load the module, or install the kernel's package that has it (linux-modules-extra on small images of Ubuntu)",
		Breaks: "there is no way to the VMs", Command: "modprobe nf_tables bridge", Overrulable: true,
	}
	SettingContested = change.Kind{
		ID: "setting-contested", Exit: 172,
		Means:  "somebody else on this host sets a kernel setting that the ways to the VMs need otherwise",
		Advice: "take the line out of that file, unless something else on this host needs it: then that does not belong beside the VMs",
		Breaks: "the VMs do not reach themselves by the public address, or are not reached, after the host's next start", Command: "sysctl --system", Overrulable: true,
	}
	BehindNAT = change.Kind{
		ID: "behind-nat", Exit: 8,
		Means:  "the address that clients are to use is not one of the internet, or not one of this host's",
		Advice: "have the router forward TCP 80 and 443, TCP and UDP 3478 and network.media to this host, and set network.public_address to the router's address",
		Breaks: "clients on the internet, and Let's Encrypt, reach the domains only by a router that forwards to this host", Command: "sudoedit /etc/wiabctl/wiabctl.yaml", Overrulable: true,
	}
)

// Kinds lists the failures of this package.
func Kinds() []change.Kind {
	return []change.Kind{PortTaken, Foreign, SubnetClash, NoUplink, InUse, FirewallUnproven, EgressClosed, SSHCaptured, Broken, Flush, Wall, HairpinClosed, NameLost, NameServerClash, BridgeMissing, KernelMissing, SettingContested, BehindNAT}
}
