package provision

import "path/filepath"

// hostEvidence tells how the host is, whatever is installed on it.
func hostEvidence() []evidence {
	all := []evidence{
		commandEvidence("host/kernel", "uname", "-a"),
		fileEvidence("host/os-release", "/etc/os-release"),
		commandEvidence("host/cpu", "lscpu"),
		fileEvidence("host/memory", "/proc/meminfo"),
		fileEvidence("host/load", "/proc/loadavg"),
		fileEvidence("host/modules", "/proc/modules"),
		commandEvidence("host/disks", "lsblk", "--output", "NAME,TYPE,SIZE,FSTYPE,MOUNTPOINTS,MODEL"),
		commandEvidence("host/filesystems", "df", "--human-readable", "--print-type", "--local"),
		commandEvidence("host/clock", "timedatectl"),
		// The arguments of others' programs are nobody's business.
		commandEvidence("host/processes", "ps", "-eo", "pid,ppid,user,stat,etime,pcpu,pmem,rss,comm", "--sort", "-rss"),
		commandEvidence("host/packages", "dpkg-query", "--show", "--showformat", "${db:Status-Abbrev} ${Package} ${Version}\n"),
		commandEvidence("host/units", "systemctl", "list-units", "--all", "--no-pager", "--plain"),
		commandEvidence("host/sshd", "/usr/sbin/sshd", "-T"),
		fileEvidence("host/hosts", hostsFile),
		fileEvidence("host/resolv.conf", "/etc/resolv.conf"),
		journal("host/journal/kernel", "--dmesg"),
		journal("host/journal/wiabctl", "--unit", "wiabctl*"),
		journal("host/journal/libvirt", "--unit", "libvirtd*", "--unit", "virt*"),
		journal("host/journal/docker", "--unit", "docker*"),
		journal("host/journal/sshd", "--unit", "ssh*"),

		commandEvidence("network/addresses", "ip", "-details", "address"),
		commandEvidence("network/routes", "ip", "route", "show", "table", "all"),
		commandEvidence("network/rules", "ip", "rule"),
		commandEvidence("network/neighbours", "ip", "neighbour"),
		commandEvidence("network/listeners", "ss", "--tcp", "--udp", "--listening", "--numeric", "--processes"),
		commandEvidence("network/nftables", "nft", "list", "ruleset"),
		commandEvidence("network/iptables", "iptables-save"),
		commandEvidence("network/sysctl", "sysctl", "--pattern", `^net\.(ipv4|bridge)\.`, "--all"),

		commandEvidence("libvirt/version", "virsh", "version"),
		commandEvidence("libvirt/domains", "virsh", "list", "--all"),
		commandEvidence("libvirt/networks", "virsh", "net-list", "--all"),
		// Without --security-info there are no passwords in it.
		commandEvidence("libvirt/domains.xml", "sh", "-c", `for d in $(virsh list --all --uuid); do virsh dumpxml "$d" || exit; done`),
		commandEvidence("libvirt/networks.xml", "sh", "-c", `for n in $(virsh net-list --all --uuid); do virsh net-dumpxml "$n" || exit; done`),

		commandEvidence("docker/info", "docker", "info"),
		commandEvidence("docker/containers", "docker", "ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.Image}} {{.Status}} {{.Names}}"),
		commandEvidence("docker/images", "docker", "images", "--digests"),

		listing("wiabctl/state", stateDir),
	}
	for dir, pattern := range map[string]string{
		"libvirt/qemu":     "/var/log/libvirt/qemu/*.log",
		"wiabctl/log":      filepath.Join(stateDir, "log", "*"),
		"wiabctl/console":  filepath.Join(stateDir, "console", "*"),
		"wiabctl/verified": filepath.Join(verified, "*"),
		"wiabctl/receipts": filepath.Join(stateDir, "receipts", "*"),
		"wiabctl/units":    "/etc/systemd/system/wiabctl*",
		"wiabctl/rules":    "/etc/wiabctl/*.nft",
	} {
		all = append(all, filesEvidence(dir, pattern)...)
	}
	return all
}

// journal is the end of what systemd's journal has of something.
func journal(name string, of ...string) evidence {
	return commandEvidence(name, append([]string{"journalctl", "--no-pager", "--lines", "3000", "--output", "short-iso"}, of...)...)
}
