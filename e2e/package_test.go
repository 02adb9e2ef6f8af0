package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// command runs a command on the machine that the tests run on and demands success.
func command(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// deb is the package of these sources.
func deb(t *testing.T) string {
	t.Helper()
	clone := t.TempDir()
	command(t, "../packaging/clone.sh", clone)
	command(t, "make", "--quiet", "--directory", clone, "package")
	found, err := filepath.Glob(filepath.Join(clone, "dist", "*.deb"))
	if err != nil || len(found) != 1 {
		t.Fatalf("the package is %q, %v", found, err)
	}
	return found[0]
}

// withPackage puts the package on a fresh machine in the place of the program that lies there.
func (b bare) withPackage(t *testing.T, deb string) {
	t.Helper()
	command(t, "cp", deb, b.Path("/root/wiabctl.deb"))
	// mmdebstrap leaves documentation out for good, which no installer of a distribution does.
	b.shell(t, "rm /usr/local/bin/wiabctl; sed -i /path-exclude/d /etc/dpkg/dpkg.cfg.d/99mmdebstrap")
}

const (
	installPackage = "apt-get install --yes --reinstall --allow-downgrades /root/wiabctl.deb"
	// all that a package could leave, but dpkg's and apt's own books
	packageTraces = "find /usr /etc /opt /srv /root /home /var -xdev -not -path '/var/lib/dpkg*' -not -path '/var/lib/apt*' -not -path '/var/cache*' -not -path '/var/log*' -printf '%p %y %m %u\\n' | sort"
	// the rules but the choice of kubenodes, which the watcher makes as long as it runs
	packageRules = "nft --stateless list table ip wiabctl | grep -v 'goto kubenode'"
	watcher      = "systemctl show --property=MainPID --value wiabctl-health.service"
)

// TestPackage installs and removes the .deb on fresh machines: on one alone, on the other around an
// installation, which the removal of the package leaves as it is.
func TestPackage(t *testing.T) {
	t.Parallel()
	file := deb(t)
	t.Run("Debian", func(t *testing.T) {
		t.Parallel()
		b := bareMachine(t, "deb-debian", "203.0.113.13")
		b.withPackage(t, file)
		aroundInstallation(t, b)
	})
	t.Run("dressed as Ubuntu", func(t *testing.T) {
		t.Parallel()
		b := bareMachine(t, "deb-ubuntu", "203.0.113.14")
		b.withPackage(t, file)
		b.shell(t, ubuntu)
		inAndOut(t, b)
	})
}

// inAndOut installs the package, uses what it brings, and purges it: nothing stays.
func inAndOut(t *testing.T, b bare) {
	before := b.shell(t, packageTraces)
	b.shell(t, installPackage)
	if where := b.shell(t, "command -v wiabctl; dpkg --verify wiabctl"); where != "/usr/bin/wiabctl\n" {
		t.Errorf("installed: %s", where)
	}
	b.exits(t, 0, "add-domain", "help")
	b.exits(t, 10, "[config-invalid]", "plan", "--config", "/etc/hostname")
	if page := b.shell(t, "zcat /usr/share/man/man1/wiabctl-snapshot-create.1.gz"); !strings.Contains(page, "wiabctl snapshot create") {
		t.Errorf("a man page is %s", page)
	}
	b.shell(t, "test -s /usr/share/doc/wiabctl/docs/README.md && test -s /usr/share/doc/wiabctl/copyright")
	if has := b.shell(t, "source /usr/share/bash-completion/completions/wiabctl; complete -p wiabctl"); !strings.Contains(has, " wiabctl\n") {
		t.Errorf("bash completes %s", has)
	}
	b.shell(t, "apt-get purge --yes wiabctl")
	same(t, "the package left something, or took too much", before, b.shell(t, packageTraces))
}

// aroundInstallation makes an installation's network with the packaged program, upgrades the
// package, removes it, and goes on with it as if nothing had been.
func aroundInstallation(t *testing.T, b bare) {
	b.shell(t, "echo root:lab | chpasswd") // as Debian's installer does where there is no sudo
	b.shell(t, "apt-get update")
	b.shell(t, installPackage)
	b.exits(t, 0, "wiabctl-health", "up", "--yes", "--only", "host,network")
	first := b.shell(t, watcher)
	b.shell(t, installPackage)
	if second := b.shell(t, watcher); second == first || second == "0\n" {
		t.Errorf("after an upgrade the watcher is process %s, it was %s", second, first)
	}
	rules := b.shell(t, packageRules)

	a := b.try(t, "apt-get", "remove", "--yes", "wiabctl")
	if a.code != 0 || !strings.Contains(a.stderr+a.stdout, "the installation on this host stays") {
		t.Errorf("removing it exits with %d and says %s%s", a.code, a.stdout, a.stderr)
	}
	same(t, "removing the package changed the rules", rules, b.shell(t, packageRules))
	if state := b.shell(t, "systemctl is-active wiabctl-health; systemctl is-enabled wiabctl-health; ls /var/lib/wiabctl/keys | wc -l"); !strings.HasPrefix(state, "inactive\ndisabled\n") || strings.HasSuffix(state, "\n0\n") {
		t.Errorf("without the package the watcher is, and of the keys there are: %s", state)
	}

	b.shell(t, installPackage)
	b.exits(t, 0, "wiabctl-health.service is not in multi-user.target.wants", "up", "--yes", "--only", "network")
	b.exits(t, 0, "0 changes", "up", "--yes", "--only", "host,network")
	b.exits(t, 0, "delete ", "down", "--host", "--yes")
	b.shell(t, "apt-get purge --yes wiabctl")
	if left := b.shell(t, "find / -xdev -name '*wiabctl*' -not -path '/var/lib/apt/*' -not -path '/var/cache/apt/*' -not -path '/proc/*' -not -name wiabctl.deb"); left != "/etc/wiabctl\n/etc/wiabctl/wiabctl.yaml\n" {
		t.Errorf("without installation and package there is still:\n%s", left)
	}
}
