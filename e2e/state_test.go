package e2e

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The host as the lab made it, before wiabctl ever ran.
var (
	freshConfig string
	freshHost   string
)

func remember(ctx context.Context) error {
	content, err := os.ReadFile(theLab.Path(configFile))
	if err != nil {
		return err
	}
	freshConfig = string(content)
	freshHost, err = shell(ctx, hostObjects)
	return err
}

// hostObjects lists all on the host that wiabctl might make: files, users, VMs,
// networks, tables, units, images. Backups that useradd leaves are no matter.
const hostObjects = `
find /etc /home /opt /usr/local /var/lib/libvirt/images /var/lib/wiabctl /var/cache/wiabctl -printf '%p %y %m %u\n' 2>/dev/null \
  | grep -Ev '^/etc/(passwd|group|shadow|gshadow|subuid|subgid)-|^/etc/(\.pwd\.lock|libvirt/|docker)|^/etc d|^/usr/local/bin/wiabctl' | sort
cut -d: -f1,6 /etc/passwd
cat /etc/hosts /etc/subuid /etc/sudoers.d/*
virsh list --all --name | sort; virsh net-list --all --name | sort; virsh pool-list --all --name | sort
nft list tables | sort
systemctl list-unit-files --state=enabled --no-legend | sort
docker images --no-trunc -q; docker ps -aq
ip -brief link show type bridge | awk '{print $1}' | sort
true`

// empty brings the lab to a host on which nothing is installed.
func empty(t testing.TB) {
	t.Helper()
	if onHost(t, hostObjects) != freshHost {
		mustWiabctl(t, "down", "--yes")
	}
	writeHost(t, configFile, freshConfig)
}

// installed brings the lab to an installation with exactly these extra domains.
func installed(t testing.TB, domains ...string) {
	t.Helper()
	config := freshConfig
	if len(domains) > 0 {
		config += "domains:\n"
	}
	for _, d := range domains {
		config += "  - {domain: " + d + "}\n"
	}
	writeHost(t, configFile, config)
	mustWiabctl(t, "up")
}

// kube runs helm or kubebox kubectl as the cluster's administrator.
func kube(t testing.TB, line string) string {
	t.Helper()
	return onHost(t, "export KUBECONFIG=/home/wire/wire-server-deploy/ansible/inventory/offline/artifacts/admin.conf; "+line)
}

// revisions are the Helm releases with revision and status.
func revisions(t testing.TB) string {
	t.Helper()
	return kube(t, `helm list --all --all-namespaces --output json | jq -r '.[] | "\(.name) \(.revision) \(.status) \(.chart)"' | sort`)
}

// everything is the installation's whole state, file times included: what a run
// that changes nothing leaves as it is.
func everything(t testing.TB) string {
	t.Helper()
	return onHost(t, `
for d in $(virsh list --all --name | sort); do virsh dumpxml $d; virsh domstate $d; done
virsh list --all --autostart --name | sort
for n in $(virsh net-list --all --name); do virsh net-dumpxml $n; done
nft -s list ruleset
find /home/wire/ /etc /var/lib/wiabctl /var/cache/wiabctl /var/lib/libvirt/images -printf '%p %y %m %u %s %T@ %C@\n' | grep -v '^/var/lib/libvirt/images/.*qcow2' | sort
sysctl net.ipv4.ip_forward net.ipv4.conf.all.rp_filter net.bridge.bridge-nf-call-iptables`) + revisions(t)
}

// outcome is what an installation comes to, apart from its keys, times and
// counters: equal for two installations by the same configuration.
func outcome(t testing.TB) string {
	t.Helper()
	state := onHost(t, `
for d in $(virsh list --all --name | sort); do virsh dumpxml --inactive $d; virsh domstate $d; done
virsh list --all --autostart --name | sort
virsh net-dumpxml wirebox
nft -s list table ip wiabctl; iptables -S DOCKER-USER
find /home/wire/wire-server-deploy/ /etc/systemd/system /etc/sysctl.d /etc/wiabctl /var/lib/wiabctl /var/lib/libvirt/images -printf '%p %y %m %u\n' \
  | grep -v '^/var/lib/wiabctl/log/' | sort
cat /etc/hosts /etc/wiabctl/wiabctl.yaml /home/wire/wire-server-deploy/ansible/inventory/offline/inventory.yml
cat /home/wire/wire-server-deploy/wiab/overlays/*/*.yaml
sysctl net.ipv4.ip_forward net.ipv4.conf.all.rp_filter net.bridge.bridge-nf-call-iptables
docker ps --all --format '{{.Image}} {{.State}}'`) + revisions(t)
	return regexp.MustCompile(`seed="[0-9a-f]*"`).ReplaceAllString(state, "") // the digest of a seed, which holds keys
}

func same(t testing.TB, what, before, after string) {
	t.Helper()
	if diff := cmp.Diff(strings.Split(before, "\n"), strings.Split(after, "\n")); diff != "" {
		t.Errorf("%s (-before +after):\n%s", what, diff)
	}
}
