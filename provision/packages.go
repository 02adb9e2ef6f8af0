package provision

import (
	"os"
	"path/filepath"
)

// need is a package that the host cannot do without, and the file whose presence
// proves that this package, or another that serves as well, is installed.
type need struct{ pkg, proof string }

// hypervisor are the packages without which no VM can be made here.
func hypervisor() []need {
	return []need{
		{"libvirt-daemon-system", "/usr/sbin/libvirtd"},
		{"dnsmasq-base", "/usr/sbin/dnsmasq"},
		{"qemu-system-x86", "/usr/bin/qemu-system-x86_64"},
		{"qemu-utils", "/usr/bin/qemu-img"},
	}
}

// needs are the packages that are really needed besides, of all that contract section 3
// lists, and what trusts the servers that downloads come from. Debian 12, Ubuntu 22.04 and
// 24.04 call them all the same.
func needs() []need {
	return []need{
		{"ca-certificates", "/etc/ssl/certs/ca-certificates.crt"},
		{"docker.io", "/usr/bin/docker"},
		{"nftables", "/usr/sbin/nft"},
		{"openssh-server", "/usr/sbin/sshd"},
		{"sudo", "/usr/bin/sudo"},
	}
}

// missingOf are the packages of programs that are not there.
func missingOf(needs []need) []string {
	var missing []string
	for _, n := range needs {
		if _, err := os.Stat(filepath.Clean(n.proof)); err != nil {
			missing = append(missing, n.pkg)
		}
	}
	return missing
}
