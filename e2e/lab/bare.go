package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"wiabctl/e2e/recipe"
)

// barePackages are those of a fresh Debian server, less than any installer leaves.
func barePackages() []string {
	return strings.Fields(`systemd systemd-sysv udev dbus libpam-systemd kmod procps iproute2`)
}

// mirrored are the packages that the lab's web server has beside them, with all that
// they depend on: what the host stage asks for, and proxies need.
func mirrored() []string {
	return strings.Fields(`libvirt-daemon-system dnsmasq-base qemu-system-x86 qemu-utils docker.io nftables openssh-server sudo ca-certificates haproxy certbot openssl`)
}

// bareRecipe is a Debian root without any of the packages that wiabctl needs, and beside
// it those packages: an archive for apt, which Debian's own tools fetch and index.
func bareRecipe() recipe.Recipe {
	return debian("bare-root", barePackages(), "minbase", strings.Join([]string{
		`set -e; mkdir -p "$1/archive/partial" "$1/../packages"`,
		`chroot "$1" apt-get install --yes --download-only --no-install-recommends -o Dir::Cache::archives=/archive ` + strings.Join(mirrored(), " "),
		`mv "$1"/archive/*.deb "$1/../packages"; rm -r "$1/archive"`,
		`cd "$1/../packages"; dpkg-scanpackages --multiversion . >Packages`,
	}, "; "))
}

// BareMachine boots a fresh Debian at the address, which nothing of wiabctl's has ever
// touched and where its program lies ready. Its apt installs from the lab's web server.
func (l *Lab) BareMachine(ctx context.Context, name, address string) (*Machine, error) {
	dir, err := bareRecipe().Get(ctx)
	if err != nil {
		return nil, fmt.Errorf("lab: a fresh Debian: %w", err)
	}
	if err := l.publishAll("packages", filepath.Join(dir, "packages")); err != nil {
		return nil, fmt.Errorf("lab: the package archive: %w", err)
	}
	m := &Machine{lab: l, name: name}
	if err := m.prepareBare(address); err != nil {
		return nil, fmt.Errorf("lab: %s: %w", name, err)
	}
	return m, m.start(ctx, filepath.Join(dir, "root"))
}

// prepareBare fills the writable layer of the machine's root.
func (m *Machine) prepareBare(address string) error {
	const units, network = "etc/systemd/system/lab-cgroups.service", "etc/systemd/network/10-host0.network"
	upper := m.path("upper")
	unit, errUnit := hostFiles.ReadFile("hostfiles/" + units)
	way, errWay := hostFiles.ReadFile("hostfiles/" + network)
	links := hostLinks()
	delete(links, "etc/systemd/system/multi-user.target.wants/lab-kube.service")
	return errors.Join(errUnit, errWay,
		writeFile(filepath.Join(upper, units), unit),
		writeFile(filepath.Join(upper, network), []byte(strings.ReplaceAll(string(way), WAN+"/", address+"/"))),
		writeFile(filepath.Join(upper, "etc/hostname"), []byte(m.name+"\n")),
		writeFile(filepath.Join(upper, "etc/hosts"), []byte("127.0.0.1\tlocalhost\n127.0.1.1\t"+m.name+"\n")),
		writeFile(filepath.Join(upper, "etc/resolv.conf"), []byte("nameserver "+Gateway+"\n")),
		writeFile(filepath.Join(upper, "etc/apt/sources.list"), []byte("deb [trusted=yes] http://artifacts.example.net/packages ./\n")),
		makeLinks(upper, links),
		installFile(m.lab.path("bin", "wiabctl"), filepath.Join(upper, "usr/local/bin/wiabctl"), 0o755),
	)
}

// Remove ends the machine and removes all of it.
func (m *Machine) Remove() error {
	err := errors.Join(m.stop(), removeControlGroups(m.group()))
	if err != nil {
		return fmt.Errorf("lab: remove %s: %w", m.name, err)
	}
	return os.RemoveAll(m.path())
}
