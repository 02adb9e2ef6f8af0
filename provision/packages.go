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
// lists.
func needs() []need {
	return []need{
		{"docker.io", "/usr/bin/docker"},
		{"nftables", "/usr/sbin/nft"},
		{"openssh-server", "/usr/sbin/sshd"},
		{"sudo", "/usr/bin/sudo"},
	}
}

func (i installer) missing() []string {
	var missing []string
	for _, n := range i.Needs {
		if _, err := os.Stat(filepath.Clean(n.proof)); err != nil {
			missing = append(missing, n.pkg)
		}
	}
	return missing
}

// installer installs the packages that are missing. The receipt says that apt was begun and not
// seen to end: files that prove a package lie there before it is configured.
type installer struct {
	Needs   []need
	Receipt string
}

// plan wants the missing packages installed; nothing is ever upgraded.
func (i installer) plan() []change.Change {
	missing := i.missing()
	_, err := os.Stat(i.Receipt)
	interrupted := err == nil
	switch {
	case len(missing) == 0 && !interrupted:
		return nil
	case len(missing) == 0:
		return []change.Change{{Verb: change.Update, Subject: "packages", Reason: "their installation was interrupted", Apply: i.install}}
	}
	return []change.Change{{Verb: change.Create, Subject: "packages " + strings.Join(missing, " "), Reason: "they are not installed", Apply: i.install}}
}

// install completes what was interrupted, then brings what is missing.
func (i installer) install(ctx context.Context, say change.Progress) error {
	if err := os.MkdirAll(filepath.Dir(i.Receipt), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(i.Receipt, nil, 0o600); err != nil {
		return err
	}
	quiet := []string{"DEBIAN_FRONTEND=noninteractive"}
	if err := command(ctx, say, quiet, "dpkg", "--configure", "--pending"); err != nil {
		return PackageFailed.Failf("complete an interrupted installation: %w", err)
	}
	if missing := i.missing(); len(missing) > 0 {
		wait := "--option=DPkg::Lock::Timeout=300" // seconds; another apt may be at work
		if err := command(ctx, say, quiet, "apt-get", wait, "update"); err != nil {
			return PackageFailed.Failf("refresh the package lists: %w", err)
		}
		install := append([]string{wait, "install", "--yes", "--no-install-recommends"}, missing...)
		if err := command(ctx, say, quiet, "apt-get", install...); err != nil {
			return PackageFailed.Failf("install %v: %w", missing, err)
		}
	}
	if left := i.missing(); len(left) > 0 {
		return PackageFailed.Failf("installed, but still missing: %v", left)
	}
	return os.Remove(i.Receipt)
}
