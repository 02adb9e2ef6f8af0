package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"wiabctl/e2e/lab"
)

// bare is a fresh machine beside the lab's KVM host.
type bare struct{ *lab.Machine }

// bareConfig is a configuration by which the host stage needs no more than the machine.
const bareConfig = `domain: green.example.org
email: ops@example.org
artifact: {hash: 0123456789abcdef0123456789abcdef01234567, url: "http://artifacts.example.net/none.tgz"}
vms:
  accel: tcg
  sizes:
    assethost: {cpus: 1, memory: 384MiB, disk: 1GiB}
    kubenode: {cpus: 1, memory: 384MiB, disk: 1GiB}
    datanode: {cpus: 1, memory: 384MiB, disk: 1GiB}
`

// bareMachine boots a fresh machine for the time of the test.
func bareMachine(t *testing.T, name, address string) bare {
	t.Helper()
	m, err := theLab.BareMachine(t.Context(), name, address)
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("WIABCTL_LAB_KEEP") == "" {
		t.Cleanup(func() {
			if err := m.Remove(); err != nil {
				t.Error(err)
			}
		})
	}
	b := bare{m}
	b.write(t, configFile, bareConfig)
	return b
}

// try runs a command as root.
func (b bare) try(t *testing.T, name string, args ...string) answer {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := b.Run(context.WithoutCancel(t.Context()), "env", append([]string{agreed, name}, args...)...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	err := cmd.Run()
	a := answer{stdout: stdout.String(), stderr: stderr.String(), took: time.Since(began)}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		a.code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return a
}

// shell runs a line and demands success.
func (b bare) shell(t *testing.T, line string) string {
	t.Helper()
	a := b.try(t, "bash", "-o", "pipefail", "-c", line)
	if a.code != 0 {
		t.Fatalf("%s: exit %d: %s", line, a.code, a.stderr)
	}
	return a.stdout
}

// exits runs wiabctl and demands this exit code and what it says.
func (b bare) exits(t *testing.T, code int, says string, args ...string) answer {
	t.Helper()
	a := b.try(t, "wiabctl", args...)
	t.Logf("wiabctl %s: exit %d after %s\n%s%s", strings.Join(args, " "), a.code, a.took.Round(time.Millisecond), a.stdout, a.stderr)
	if a.code != code || !strings.Contains(a.stdout+a.stderr, says) {
		t.Fatalf("wiabctl %s: exit code %d, want %d and %q", strings.Join(args, " "), a.code, code, says)
	}
	return a
}

func (b bare) write(t *testing.T, path, content string) {
	t.Helper()
	b.shell(t, fmt.Sprintf("mkdir -p $(dirname %[1]s) && cat >%[1]s <<'X'\n%[2]sX\n", path, content))
}

// What a host stage leaves, in several views.
const (
	barePackages = `dpkg-query -W -f '${binary:Package} ${Version} ${db:Status-Status}\n'`
	// Accounts of people; packages leave those of their services for good, as Debian's policy has it.
	barePeople = `getent passwd | awk -F: '$3 == 0 || $3 >= 1000'; cat /etc/hosts /etc/subuid; ls -A /etc/sudoers.d /etc/wiabctl /var/lib/wiabctl /var/cache/wiabctl 2>/dev/null || true
find /home -printf '%p %y %m %u\n' | grep -v sudo_as_admin_successful | sort` // which sudo makes for members of its group
	bareEverything = barePackages + `; cat /etc/passwd /etc/group /etc/shadow; { find /etc /home /root /usr/local /var/lib/wiabctl /var/lib/dpkg -printf '%p %y %m %u %s %T@\n' 2>/dev/null || true; } | grep -v '^/var/lib/wiabctl/log[/ ]' | sort`
)

// unchanged runs the host stage on a host that is as configured: nothing changes.
func (b bare) unchanged(t *testing.T) {
	t.Helper()
	before := b.shell(t, bareEverything)
	b.exits(t, 0, "\n0 changes\n", "up", "--only", "host")
	same(t, "a second run changed something", before, b.shell(t, bareEverything))
}

// kept demands that every package that was there is there in the same version.
func kept(t *testing.T, before, after string) {
	t.Helper()
	for line := range strings.Lines(before) {
		if !strings.Contains("\n"+after, "\n"+line) {
			t.Errorf("this package is not as it was: %s", line)
		}
	}
}

// loopback is an SSH login with wiabctl's key, from the machine itself.
func loopback(user, address string, rest string) string {
	return "ssh -i /var/lib/wiabctl/keys/admin -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR " + rest + " " + user + "@" + address
}

// letsIn demands that the key opens the account, over loopback and for commands alone.
func (b bare) letsIn(t *testing.T, user, address string) {
	t.Helper()
	if who := b.shell(t, loopback(user, "127.0.0.1", "")+" 'sudo -n id -un; id -nG'"); !strings.HasPrefix(who, "root\n"+user) {
		t.Errorf("the login over loopback says %q", who)
	}
	b.shell(t, loopback(user, "127.0.0.1", "")+" sudo docker version")
	for what, line := range map[string]string{
		"a login from elsewhere": loopback(user, address, "") + " true",
		"a forwarded port":       loopback(user, "127.0.0.1", "-W 127.0.0.1:22") + " </dev/null",
	} {
		if a := b.try(t, "bash", "-c", line); a.code == 0 {
			t.Errorf("the key allows %s", what)
		}
	}
}

// archive makes version 1 of a package, installs it, and makes version 2, which apt finds,
// and version 3, which needs a package of ours.
const archive = `set -e; mkdir -p /srv/lab/p/DEBIAN; cd /srv/lab
make() { printf 'Package: lab-foreign\nVersion: %s\nArchitecture: all\nDepends: %s\nMaintainer: lab\nDescription: not ours\n' $1 $2 >p/DEBIAN/control; dpkg-deb --build p lab-foreign_$1.deb; }
make 1 dpkg; dpkg -i lab-foreign_1.deb; make 3 nftables; make 2 dpkg
{ dpkg-deb -f lab-foreign_2.deb; echo "Filename: ./lab-foreign_2.deb"; echo "Size: $(stat -c %s lab-foreign_2.deb)"; echo "SHA256: $(sha256sum lab-foreign_2.deb | cut -d' ' -f1)"; } >Packages
echo 'deb [trusted=yes] file:/srv/lab ./' >/etc/apt/sources.list.d/lab.list`

// TestHostStage prepares fresh machines. One is Debian 12 as it is. Ubuntu's archive is
// nothing that a lab without a way out can have, so the other is Debian 12 too, dressed up as
// Ubuntu 22.04: its os-release, its user, its unattended upgrades; the packages are Debian's.
func TestHostStage(t *testing.T) {
	t.Parallel()
	t.Run("Debian", func(t *testing.T) {
		t.Parallel()
		debianStage(t, bareMachine(t, "bare-debian", "203.0.113.11"))
	})
	t.Run("dressed as Ubuntu", func(t *testing.T) {
		t.Parallel()
		ubuntuStage(t, bareMachine(t, "bare-ubuntu", "203.0.113.12"))
	})
}

// killed runs a line until it says what the pattern matches, and kills it then with apt and
// dpkg, as when the power fails. It returns what was said.
func (b bare) killed(t *testing.T, line, when string) string {
	t.Helper()
	said := b.shell(t, fmt.Sprintf(`%s >/tmp/said 2>&1 & pid=$!
timeout 60 bash -c 'until grep -Eq "%s" /tmp/said; do sleep 0.02; done'; kill -KILL $pid; pkill -KILL -x 'apt-get|dpkg'; wait $pid || cat /tmp/said`, line, when))
	t.Logf("%s, killed:\n%s", line, said)
	return said
}

func debianStage(t *testing.T, b bare) {
	b.shell(t, "echo root:lab | chpasswd") // as Debian's installer does where there is no sudo
	b.shell(t, archive)
	packages, people := b.shell(t, barePackages), b.shell(t, barePeople)
	fresh := b.shell(t, bareEverything)
	b.try(t, "wiabctl", "plan")
	same(t, "plan changed something", fresh, b.shell(t, bareEverything))

	killed := b.killed(t, "wiabctl up --only host", "install .*: [3-9][0-9] %")
	if !strings.Contains(killed, "download: ") || !strings.Contains(killed, " packages\n") || strings.Contains(killed, "Unpacking") {
		t.Errorf("progress is not told as it should be:\n%s", killed)
	}
	b.exits(t, 0, "install ", "up", "--only", "host")
	kept(t, packages, b.shell(t, barePackages))
	b.letsIn(t, "wire", "203.0.113.11")
	if groups := b.shell(t, "id -nG wire"); groups != "wire\n" {
		t.Errorf("the deploy user is in the groups %s; it needs none", groups)
	}
	if a := b.try(t, "setpriv", "--reuid=libvirt-qemu", "--clear-groups", "test", "-x", "/home/wire"); a.code != 1 {
		t.Errorf("the deploy user's home is open to QEMU, which has nothing to do there (exit %d)", a.code)
	}
	b.unchanged(t)
	b.shell(t, "chmod 644 /etc/sudoers.d/wiabctl")
	b.exits(t, 0, "its mode is", "up", "--only", "host")

	b.write(t, configFile, bareConfig+"host: {upgrade: true}\n")
	b.exits(t, 0, "there are newer ones: lab-foreign", "up", "--only", "host")
	if version := b.shell(t, "dpkg-query -W lab-foreign"); !strings.HasSuffix(version, "\t2\n") {
		t.Errorf("upgraded to %s", version)
	}
	b.unchanged(t)
	b.shell(t, "dpkg -i --force-downgrade /srv/lab/lab-foreign_1.deb")

	b.exits(t, 0, "delete user wire", "down", "--yes")
	b.exits(t, 0, "0 changes", "down", "--yes") // the receipt stays with the packages
	b.shell(t, "dpkg -i /srv/lab/lab-foreign_3.deb")
	b.exits(t, 18, "needed by others: lab-foreign", "down", "--host", "--yes")
	b.shell(t, "nft --version && dpkg -i --force-downgrade /srv/lab/lab-foreign_1.deb")
	b.killed(t, "wiabctl down --host --yes", "purge .*: [4-9][0-9] %")
	b.exits(t, 0, "purge ", "down", "--host", "--yes")
	same(t, "down --host left packages, or took too many", packages, b.shell(t, barePackages))
	same(t, "down --host left something", people, b.shell(t, barePeople))
	b.exits(t, 0, "0 changes", "down", "--host", "--yes")
}

// ubuntu dresses the machine up.
const ubuntu = `set -e; printf 'PRETTY_NAME="Ubuntu 22.04.5 LTS"\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="22.04"\n' >/etc/os-release
echo root:lab | chpasswd
useradd --create-home --key HOME_MODE=0750 --groups sudo --shell /bin/sh ubuntu
install -d -o ubuntu -g ubuntu -m 700 /home/ubuntu/.ssh; echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJNwgkBYIzvK8d1y2xGVQGKjHOCxsxRJzHAiVTtFvgDl mine' >/home/ubuntu/.ssh/authorized_keys
chown ubuntu:ubuntu /home/ubuntu/.ssh/authorized_keys
echo '10.9.9.9 other kubenode1 # not ours' >>/etc/hosts
apt-get update`

// unattended is an apt at work for some seconds, which installs one of our packages.
const unattended = `cp /usr/bin/apt-get /root/unattended-upgr; systemd-run --quiet --unit=unattended --setenv=DEBIAN_FRONTEND=noninteractive \
  /root/unattended-upgr install --yes --no-install-recommends -o DPkg::Pre-Invoke::='sleep 5' nftables
timeout 10 bash -c 'until pgrep -x sleep >/dev/null; do sleep 0.05; done'`

func ubuntuStage(t *testing.T, b bare) {
	b.shell(t, ubuntu)
	b.write(t, configFile, bareConfig+"host: {user: ubuntu}\n")
	fresh := b.shell(t, bareEverything)
	b.shell(t, "sed -i --follow-symlinks s/ID=ubuntu/ID=other/ /etc/os-release")
	b.exits(t, 26, "these are missing: libvirt-daemon-system", "up", "--only", "host")
	b.shell(t, "sed -i --follow-symlinks s/ID=other/ID=ubuntu/ /etc/os-release")
	same(t, "a refusal changed something", fresh, b.shell(t, bareEverything))
	people, account := b.shell(t, barePeople), b.shell(t, "getent passwd ubuntu; id ubuntu")

	b.shell(t, unattended)
	a := b.exits(t, 0, "unattended-upgr", "up", "--only", "host")
	if !strings.Contains(a.stdout, "waiting for another apt, process ") {
		t.Error("up does not say whom it waits for")
	}
	if !strings.Contains(a.stdout, "/etc/hosts:3 gives kubenode1 the address 10.9.9.9") {
		t.Error("up does not warn of the foreign line in /etc/hosts")
	}
	same(t, "the given account was changed", account, b.shell(t, "getent passwd ubuntu; id ubuntu"))
	b.letsIn(t, "ubuntu", "203.0.113.12")
	b.unchanged(t)
	b.unfit(t)
	b.unchanged(t)

	b.exits(t, 0, "delete our key for ubuntu", "down", "--host", "--yes")
	same(t, "down --host left something, or took too much", people, b.shell(t, barePeople))
	if state := b.shell(t, "dpkg-query -W -f '${Package} ${db:Status-Status}\n' nftables docker.io 2>/dev/null || true"); state != "nftables installed\n" {
		t.Errorf("of what another apt brought and what ours brought is left: %s", state)
	}
}

// unfit makes the host unfit in several ways: each is refused by name, and cured.
func (b bare) unfit(t *testing.T) {
	for _, test := range []struct {
		name, before, after string
		exit                int
		says                string
	}{
		{"sudo without drop-ins", "sed -i 's/^@includedir/#&/' /etc/sudoers", "sed -i 's/^#@includedir/@includedir/' /etc/sudoers", 29, "sudoers-apart"},
		{"sshd lets others in", "echo 'AllowUsers root ubuntu@10.0.0.0/8' >/etc/ssh/sshd_config.d/lab.conf", "rm /etc/ssh/sshd_config.d/lab.conf", 28, "AllowUsers names only"},
		{"an open home", "chmod 770 /home/ubuntu", "chmod 750 /home/ubuntu", 27, "others may write"},
		{"a shell for nobody", "usermod --shell /usr/sbin/nologin ubuntu", "usermod --shell /bin/sh ubuntu", 27, "may not log in"},
		{"a name server everywhere", "systemd-run --quiet --unit=dns dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv; " + listens("u", 53), "systemctl is-active dns && systemctl stop dns", 87, "dnsmasq"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b.shell(t, test.before)
			b.exits(t, test.exit, test.says, "up", "--only", "host")
			b.shell(t, test.after)
		})
	}
	b.shell(t, "systemd-run --quiet --unit=dns dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --bind-interfaces --except-interface=virbr0; "+listens("u", 53))
	b.exits(t, 0, "\n0 changes\n", "up", "--only", "host")
	b.shell(t, "systemctl is-active dns && systemctl stop dns")
}
