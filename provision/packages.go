package provision

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"wiabctl/provision/change"
)

// need is a package that the host cannot do without, and the file whose presence
// proves that this package, or another that serves as well, is installed.
type need struct{ pkg, proof string }

// needs are the packages that are really needed, of all that contract section 3
// lists.
func needs() []need {
	return []need{
		{"docker.io", "/usr/bin/docker"},
		{"libvirt-daemon-system", "/usr/sbin/libvirtd"},
		{"dnsmasq-base", "/usr/sbin/dnsmasq"},
		{"qemu-system-x86", "/usr/bin/qemu-system-x86_64"},
		{"qemu-utils", "/usr/bin/qemu-img"},
		{"nftables", "/usr/sbin/nft"},
		{"openssh-server", "/usr/sbin/sshd"},
		{"sudo", "/usr/bin/sudo"},
	}
}

func missingPackages() []string {
	var missing []string
	for _, n := range needs() {
		if _, err := os.Stat(filepath.Clean(n.proof)); err != nil {
			missing = append(missing, n.pkg)
		}
	}
	return missing
}

// planPackages wants the missing packages installed; nothing is ever upgraded.
func planPackages() []change.Change {
	missing := missingPackages()
	if len(missing) == 0 {
		return nil
	}
	return []change.Change{{Verb: change.Create, Subject: "packages " + strings.Join(missing, " "), Reason: "they are not installed",
		Apply: func(ctx context.Context, say change.Progress) error {
			quiet := []string{"DEBIAN_FRONTEND=noninteractive"}
			wait := "--option=DPkg::Lock::Timeout=300" // seconds; another apt may be at work
			if err := command(ctx, say, quiet, "apt-get", wait, "update"); err != nil {
				return PackageFailed.Failf("refresh the package lists: %w", err)
			}
			install := append([]string{wait, "install", "--yes", "--no-install-recommends"}, missing...)
			if err := command(ctx, say, quiet, "apt-get", install...); err != nil {
				return PackageFailed.Failf("install %v: %w", missing, err)
			}
			if left := missingPackages(); len(left) > 0 {
				return PackageFailed.Failf("installed, but still missing: %v", left)
			}
			return nil
		}}}
}
