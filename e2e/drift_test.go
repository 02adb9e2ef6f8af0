package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestDrift changes by hand what can be changed about the VMs: plan names each, and
// what has to be restarted for it; up mends it all, and the domains answer.
func TestDrift(t *testing.T) {
	long(t)
	standing(t)
	config := readHost(t, configFile)
	larger := strings.Replace(config, "disk: 4GiB}", "disk: 5GiB}", 1) // the assethost's
	if larger == config {
		t.Fatal("the lab's configuration has no disk of 4GiB")
	}
	defer writeHost(t, configFile, config)
	writeHost(t, configFile, larger)
	onHost(t, `set -e
virsh dumpxml --inactive datanode1 | sed -e 's|<vcpu.*|<vcpu>3</vcpu>|' -e 's|<on_reboot>.*|<on_reboot>destroy</on_reboot>|' -e '/<serial/,/<\/console>/d' >/root/drift.xml
virsh define /root/drift.xml; rm /root/drift.xml
virsh setmaxmem datanode1 --config 300M
virsh autostart --disable datanode2
kill -KILL $(cat /run/libvirt/qemu/datanode3.pid)
for try in $(seq 40); do virsh domstate datanode3 | grep -q 'shut off' && break; sleep 0.25; done
virsh suspend kubenode1
rm /var/lib/libvirt/images/kubenode1-seed.iso
virsh undefine kubenode2
virsh domif-setlink kubenode3 $(virsh domiflist kubenode3 | awk '/network/ {print $5}') down`)
	started := pids(t)
	saysEach(t, planned(t).stdout,
		"update domain assethost: disk is 4GiB, configured 5GiB; it will be restarted",
		"update domain datanode1: memory is 300MiB, configured ", "CPUs is 3, configured 1", "what follows a reboot is destroy, configured restart", "console's log is none",
		"update domain datanode2: it does not start with the host",
		"start domain datanode3: it is shut off: its guest or QEMU crashed",
		"update domain kubenode1: its seed changed; it is paused: somebody paused it",
		"update domain kubenode2: its definition is gone",
		"update domain kubenode3: its network interface is unplugged; it will be restarted")
	mustWiabctl(t, "up")
	unchanged(t)
	answers(t, green)
	for name, pid := range pids(t) {
		restarted := started[name] != pid
		if want := name == "assethost" || name == "datanode3" || name == "kubenode3"; restarted != want {
			t.Errorf("%s was restarted: %v, want %v", name, restarted, want)
		}
	}

	// A mark that was taken away makes the domain somebody else's.
	onHost(t, `virsh dumpxml --inactive kubenode1 >/root/kubenode1.xml && virsh metadata kubenode1 https://wiabctl.dev/1 --config --remove`)
	refused(t, 31, []string{"vm-foreign", "a domain kubenode1 that wiabctl did not make"}, "up")
	onHost(t, `virsh define /root/kubenode1.xml; rm /root/kubenode1.xml`)

	writeHost(t, configFile, config)
	refused(t, 35, []string{"vm-disk-shrinks", "the disk of assethost is 5GiB, configured 4GiB"}, "up")

	// Without its domain a disk is used only when the user says so; a disk that is gone takes
	// with it what the cluster's script had put there.
	onHost(t, `set -e
virsh destroy assethost; rm /var/lib/libvirt/images/assethost.qcow2
virsh shutdown datanode1
for try in $(seq 120); do virsh domstate datanode1 | grep -q 'shut off' && break; sleep 0.5; done
virsh undefine datanode1`)
	disk := onHost(t, "stat -c '%i %W' /var/lib/libvirt/images/datanode1.qcow2")
	refused(t, 37, []string{"vm-disk-orphaned", "/var/lib/libvirt/images/datanode1.qcow2", "--reuse-disks"}, "up")
	saysEach(t, mustWiabctl(t, "up", "--reuse-disks").stdout,
		"create domain assethost: its disk is missing",
		"create domain datanode1: it is not defined; its disk is used as it is",
		"run offline-cluster.sh: its inputs changed")
	same(t, "the orphaned disk was made anew", disk, onHost(t, "stat -c '%i %W' /var/lib/libvirt/images/datanode1.qcow2"))
	unchanged(t)
	answers(t, green)
}

// TestKeepDisks takes everything away but what the VMs live on: up --reuse-disks brings
// the installation back without running a script again.
func TestKeepDisks(t *testing.T) {
	long(t)
	installed(t, red, blue)
	before := revisions(t)
	if a := wiabctl(t, "down", "--keep-disks", "--yes=false"); a.code != 16 || !strings.Contains(a.stdout, "delete domain kubenode1: without its disk") {
		t.Errorf("down --keep-disks without an answer: exit code %d", a.code)
	}
	onHost(t, "echo half >/var/lib/libvirt/images/datanode1.qcow2.partial; virsh suspend datanode2") // what an interrupted up leaves, and a guest that cannot hear
	if took := mustWiabctl(t, "down", "--keep-disks", "--yes").took; took > 4*time.Minute {
		t.Errorf("it took %s: a guest was cut off after its grace of 5 minutes", took)
	}
	left := onHost(t, "virsh list --all --name; virsh net-list --all --name; nft list tables; ls /var/lib/libvirt/images")
	for _, gone := range []string{"kubenode1\n", "wirebox", "wiabctl\n", "seed.iso", ".partial"} {
		if strings.Contains(left, gone) {
			t.Errorf("%q is left:\n%s", gone, left)
		}
	}
	silent(t, green)
	began := time.Now()
	refused(t, 37, []string{"vm-disk-orphaned", "kubenode3.qcow2"}, "up")
	if took := time.Since(began); took > 12*time.Second {
		t.Errorf("the refusal took %s: something waits for VMs that are gone", took)
	}
	back := mustWiabctl(t, "up", "--reuse-disks")
	t.Logf("back after %s", back.took)
	for _, script := range []string{"offline-cluster.sh", "helm-operations.sh"} {
		if strings.Contains(back.stdout, "run "+script) {
			t.Errorf("%s ran again", script)
		}
	}
	same(t, "the releases", before, revisions(t))
	unchanged(t)
	answers(t, green, red, blue)
}

// ownRecords are the lines of hostObjects about an empty cache and the record of a refusal.
var ownRecords = regexp.MustCompile(`(?m)^/var/(cache|lib)/wiabctl(/log.*|/parts|/sha256)? [df] .*\n`)

// refused demands that wiabctl refuses with this exit code, for these reasons, before
// it changes anything.
func refused(t *testing.T, exit int, says []string, args ...string) {
	t.Helper()
	before := onHost(t, hostObjects)
	refuses(t, exit, says, args...)
	same(t, "something was changed", ownRecords.ReplaceAllString(before, ""), ownRecords.ReplaceAllString(onHost(t, hostObjects), ""))
}

// refuses is refused for who looks at the host himself.
func refuses(t *testing.T, exit int, says []string, args ...string) {
	t.Helper()
	a := wiabctl(t, args...)
	if a.code != exit {
		t.Errorf("exit code %d, want %d", a.code, exit)
	}
	saysEach(t, a.stderr, says...)
}

func saysEach(t *testing.T, said string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(said, part) {
			t.Errorf("it does not say %q", part)
		}
	}
}

// unchanged demands that nothing is left to do.
func unchanged(t *testing.T) {
	t.Helper()
	if p := planned(t); !strings.HasSuffix("\n"+p.stdout, "\n0 changes to make\n") {
		t.Errorf("still to do: %s", p.stdout)
	}
}

// pids are the process numbers of the VMs.
func pids(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for line := range strings.Lines(onHost(t, `cd /run/libvirt/qemu; for f in *.pid; do echo ${f%.pid} $(cat $f); done`)) {
		if name, pid, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			all[name] = pid
		}
	}
	return all
}
