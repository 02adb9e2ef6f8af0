package e2e

import (
	"context"
	"os"
	"regexp"
	"slices"
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
	if _, err := shell(ctx, foreign); err != nil {
		return err
	}
	freshHost, err = shell(ctx, hostObjects)
	return err
}

// foreign makes somebody else's things, one of every kind that wiabctl makes: they
// stand on the host from the start, and everything wiabctl does has to leave them as
// they are. What a reboot takes away is made again.
const foreign = `
set -e
if [ ! -e /home/foreign ]; then
  virsh net-define /dev/stdin <<X
<network><name>foreign</name><bridge name='virbr9'/><ip address='10.9.9.1' netmask='255.255.255.0'/></network>
X
  virsh net-autostart foreign
  virsh net-start foreign
  virsh define /dev/stdin <<X
<domain type='qemu'><name>kubenode</name><memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>
X
  echo '10.9.9.9 kubenode1.foreign.example foreign-kubenode1 # a foreign line' >>/etc/hosts
  echo foreign >/var/lib/libvirt/images/kubenode1.qcow2.foreign
  echo foreign >/etc/sysctl.d/50-foreign.conf
  tar -c --files-from /dev/null | docker import --change 'LABEL foreign=yes' - quay.io/wire/foreign:1
  tar -c --files-from /dev/null | docker import --change 'LABEL foreign=yes' - quay.io/wire/zauth:5.32.0
  mkdir -p /home/foreign/wire-server-deploy
fi
nft list table ip foreign >/dev/null 2>&1 || nft -f - <<X
table ip foreign {
  chain c {
    type filter hook forward priority 10;
    tcp dport 9 counter drop comment "foreign"
  }
}
X
iptables -C DOCKER-USER -s 10.9.9.9 -j DROP 2>/dev/null || iptables -I DOCKER-USER -s 10.9.9.9 -j DROP`

// hostObjects lists all on the host that wiabctl might make: files, users, VMs,
// networks, tables, units, images. Backups that useradd leaves are no matter.
const hostObjects = `
find /etc /home /opt /usr/local /var/lib/libvirt/images /var/lib/wiabctl /var/cache/wiabctl -printf '%p %y %m %u\n' 2>/dev/null \
  | grep -Ev '^/etc/(passwd|group|shadow|gshadow|subuid|subgid)-|^/etc/(\.pwd\.lock|libvirt/|docker)|^/etc d|^/usr/local/bin/wiabctl' | sort
cut -d: -f1,6 /etc/passwd
cat /etc/hosts /etc/subuid /etc/sudoers.d/*
virsh list --all --name | sort; virsh net-list --all --name | sort; virsh pool-list --all --name | sort
nft list tables | sort; nft -s list table ip foreign; iptables -S DOCKER-USER
for n in $(virsh net-list --all --name | grep -v wirebox); do virsh net-dumpxml $n; done; virsh net-list --autostart --name; virsh dumpxml kubenode
cat /var/lib/libvirt/images/*.foreign /etc/sysctl.d/*
docker images --all --no-trunc --format '{{.ID}} {{.Repository}}:{{.Tag}}' | sort; docker ps -aq
ip -brief link show type bridge | awk '{print $1}' | sort
true`

// empty brings the lab to a host on which nothing is installed.
func empty(t testing.TB) {
	t.Helper()
	writeHost(t, configFile, freshConfig)
	if onHost(t, hostObjects) != freshHost {
		mustWiabctl(t, "down", "--yes")
		same(t, "down left something behind, or took too much", freshHost, onHost(t, hostObjects))
	}
}

// installed brings the lab to an installation with exactly these extra domains.
func installed(t testing.TB, domains ...string) {
	t.Helper()
	writeHost(t, configFile, configured(domains...))
	mustWiabctl(t, "up")
}

// standing brings the lab to an installation with at least these extra domains: what
// the scenario before left may stay, for a domain takes half a minute to come or to go.
func standing(t testing.TB, domains ...string) {
	t.Helper()
	var all []string
	for line := range strings.Lines(strings.TrimPrefix(readHost(t, configFile), freshConfig)) {
		if m := domainLine.FindStringSubmatch(line); m != nil {
			all = append(all, m[1])
		}
	}
	for _, d := range domains {
		if !slices.Contains(all, d) {
			all = append(all, d)
		}
	}
	installed(t, all...)
}

var domainLine = regexp.MustCompile(`^  - \{domain: ([a-z0-9.-]+)\}\n$`)

// configured is the lab's configuration with these extra domains.
func configured(domains ...string) string {
	if len(domains) == 0 {
		return freshConfig
	}
	return freshConfig + "domains:\n  - {domain: " + strings.Join(domains, "}\n  - {domain: ") + "}\n"
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
// that changes nothing leaves as it is, apart from its record. The spread over the kubenodes is missing:
// it follows which of them answer.
func everything(t testing.TB) string {
	t.Helper()
	return onHost(t, `
for d in $(virsh list --all --name | sort); do virsh dumpxml $d; virsh domstate $d; done
virsh list --all --autostart --name | sort
for n in $(virsh net-list --all --name); do virsh net-dumpxml $n; done
nft -s list ruleset | sed '/chain spread /,/}/d'
find /home/wire/ /etc /var/lib/wiabctl /var/cache/wiabctl /var/lib/libvirt/images -printf '%p %y %m %u %s %T@ %C@\n' | grep -Ev '^/var/lib/libvirt/images/.*qcow2|^/var/lib/wiabctl/log[/ ]' | sort
sysctl net.ipv4.ip_forward net.ipv4.conf.all.rp_filter net.bridge.bridge-nf-call-iptables`) + revisions(t)
}

// outcome is what an installation comes to, apart from its keys, times, counters and
// what earlier runs said: equal for two installations by the same configuration.
func outcome(t testing.TB) string {
	t.Helper()
	state := onHost(t, `
for d in $(virsh list --all --name | sort); do virsh dumpxml --inactive $d; virsh domstate $d; done
virsh list --all --autostart --name | sort
virsh net-dumpxml wirebox
nft -s list table ip wiabctl | sed '/chain spread /,/}/d'; iptables -S DOCKER-USER | sort
find /home/wire/wire-server-deploy/ /etc/systemd/system /etc/sysctl.d /etc/wiabctl /var/lib/wiabctl /var/lib/libvirt/images -printf '%p %y %m %u\n' \
  | grep -v -e '^/var/lib/wiabctl/log/' -e '^/var/lib/wiabctl/verified' -e '/jobs/[^/]*/output.1 ' | sort
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
