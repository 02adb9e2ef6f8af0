package lab

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"

	"wiabctl/e2e/recipe"
)

// suite is the Debian release of the KVM host and of the images.
const suite = "bookworm"

// hostPackages are a KVM host's: all that wiabctl's host stage asks for, so
// that it finds its packages present in a lab without a package mirror.
func hostPackages() []string {
	return strings.Fields(`
		systemd systemd-sysv udev dbus libpam-systemd kmod procps psmisc
		libvirt-daemon-system libvirt-daemon libvirt-daemon-driver-qemu libvirt-clients
		qemu-system-x86 qemu-utils genisoimage
		docker.io nftables iptables bridge-utils dnsmasq-base
		openssh-server openssh-client sudo acl ca-certificates gnupg
		iproute2 iputils-ping netcat-openbsd net-tools bind9-host dnsutils tcpdump lsof rsyslog
		curl wget git jq file xz-utils python3 less vim-tiny bash-completion`)
}

// hostRoot is the KVM host's root file system as its packages leave it.
func (l *Lab) hostRoot(ctx context.Context) (string, error) {
	dir, err := debian("host-root", hostPackages(), "minbase",
		// It would claim virbr0, as wiabctl's network does; a host that has it is a scenario of its own.
		`rm -f "$1/etc/libvirt/qemu/networks/default.xml"`).Get(ctx)
	return filepath.Join(dir, "root"), err
}

// debian is the recipe of a Debian root file system: root in its directory.
// The hooks are shell commands that get the root's path as $1.
func debian(name string, packages []string, variant string, hooks ...string) recipe.Recipe {
	args := []string{
		"INITRD=No", // the images bring an initial RAM disk of their own
		"mmdebstrap", "--quiet", "--mode=root", "--format=directory", "--variant=" + variant,
		`--aptopt=APT::Install-Recommends "false"`,
		"--dpkgopt=force-unsafe-io",
		"--dpkgopt=path-exclude=/usr/share/man/*",
		"--dpkgopt=path-exclude=/usr/share/locale/*",
		"--dpkgopt=path-exclude=/usr/share/doc/*",
		"--include=" + strings.Join(packages, ","),
	}
	for _, h := range hooks {
		args = append(args, "--customize-hook="+h)
	}
	args = append(args, suite)
	return recipe.Recipe{
		Name:   name,
		Inputs: args,
		Build: func(ctx context.Context, dir string) error {
			return run(exec.CommandContext(ctx, "env", append(args, filepath.Join(dir, "root"))...))
		},
	}
}
