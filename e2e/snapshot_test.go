package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// restoreLimit bounds a restore, from the command to machines that are all ready.
const restoreLimit = time.Minute

// TestSnapshotRestore breaks a snapshot's installation inside and out, and brings it
// back: with its disks alone, and with the machines' memory.
func TestSnapshotRestore(t *testing.T) {
	long(t)
	installed(t, red)
	defer onHost(t, "for s in good live; do wiabctl snapshot delete $s --yes || true; done >/dev/null 2>&1")
	onVM(t, "datanode3", "dd if=/dev/urandom of=kept bs=1M count=32 2>/dev/null; sync")
	before, sum := revisions(t), onVM(t, "datanode3", "sha256sum kept")

	mustWiabctl(t, "snapshot", "create", "good", "--description", "green and red answer")
	answers(t, green, red)
	if a := wiabctl(t, "snapshot", "create", "good"); a.code != 80 {
		t.Errorf("a second snapshot of the name: exit code %d", a.code)
	}
	kube(t, "helm uninstall wire-server; helm uninstall nginx-ingress-services-red")
	onVM(t, "datanode3", "dd if=/dev/urandom of=kept bs=1M count=32 2>/dev/null; sync")
	onVM(t, "datanode2", "sudo dd if=/dev/zero of=/dev/vda bs=1M count=64 2>/dev/null; sync")
	eventually(t, 20*time.Second, func(ctx context.Context) error {
		if deeplinkProblem(ctx, internetClient(t), red) == nil {
			return fmt.Errorf("%s still answers", red)
		}
		return nil
	})

	if a := wiabctl(t, "snapshot", "restore", "good", "--yes=false"); a.code != 16 || !strings.Contains(a.stdout, "replace disks of all machines") {
		t.Errorf("restore without an answer: exit code %d; it must show what it would replace, and replace nothing", a.code)
	}
	restored(t, "good")
	same(t, "the releases are not those of the snapshot", before, revisions(t))
	same(t, "a file is not what it was", sum, onVM(t, "datanode3", "sha256sum kept"))

	// Now while something is in the machines' memory alone.
	onVM(t, "kubenode3", "echo here | sudo tee /run/token")
	boots := onVM(t, "kubenode3", "cat /proc/sys/kernel/random/boot_id")
	mustWiabctl(t, "snapshot", "create", "live", "--memory")
	answers(t, green, red)
	kube(t, "helm uninstall nginx-ingress-services-red")
	onVM(t, "kubenode3", "sudo rm -rf /run/token /etc /home")
	restored(t, "live")
	if token := onVM(t, "kubenode3", "cat /run/token"); token != "here\n" {
		t.Errorf("what was in memory is %q", token)
	}
	same(t, "the machine was booted", boots, onVM(t, "kubenode3", "cat /proc/sys/kernel/random/boot_id"))
	same(t, "the releases are not those of the snapshot", before, revisions(t))
	clocks(t)

	// Somebody puts a copy in a disk's place.
	const disk = "/var/lib/libvirt/images/datanode1.qcow2"
	machines := onHost(t, "virsh list --title; stat -c '%i %n' /var/lib/libvirt/images/*.qcow2")
	onHost(t, "mv "+disk+" "+disk+".true; cp --sparse=always "+disk+".true "+disk)
	back := func() { onHost(t, "if [ -e "+disk+".true ]; then mv "+disk+".true "+disk+"; fi") }
	defer back()
	if a := wiabctl(t, "snapshot", "restore", "good", "--yes"); a.code != 82 || !strings.Contains(a.stderr, "datanode1: its disk was replaced") {
		t.Errorf("a copy in a disk's place: exit code %d", a.code)
	}
	if listed := list(t); listed[0].Restorable || listed[1].Restorable {
		t.Errorf("listed as restorable: %+v", listed)
	}
	back()
	same(t, "a restore that was refused touched something", machines, onHost(t, "virsh list --title; stat -c '%i %n' /var/lib/libvirt/images/*.qcow2"))
	answers(t, green, red)
	if listed := list(t); len(listed) != 2 || listed[0].Name != "good" || !listed[0].Restorable || !listed[1].Memory || !listed[1].Restorable {
		t.Errorf("listed: %+v", listed)
	}

	// What only the snapshots hold is given back.
	onVM(t, "datanode3", "dd if=/dev/urandom of=kept bs=1M count=32 conv=notrunc 2>/dev/null; sync")
	full := held(t)
	mustWiabctl(t, "snapshot", "delete", "live", "--yes")
	mustWiabctl(t, "snapshot", "delete", "good", "--yes")
	if freed := full - held(t); freed < 32<<20 {
		t.Errorf("deleting gave back %d MiB", freed>>20)
	}
	if listed := list(t); len(listed) != 0 {
		t.Errorf("left: %+v", listed)
	}
	onHost(t, "! ls -d /var/lib/libvirt/images/wiabctl-snapshots /var/lib/wiabctl/snapshots /home/wire/wire-server-deploy/wiab/snapshots")
}

// restored restores a snapshot in time: all domains answer again, and up has nothing to do.
func restored(t *testing.T, name string) {
	t.Helper()
	if a := frugal(t, "snapshot", "restore", name, "--output", "json"); a.took > restoreLimit {
		t.Errorf("restoring took %s, more than %s", a.took, restoreLimit)
	}
	client := internetClient(t)
	eventually(t, 2*time.Minute, func(ctx context.Context) error {
		for n := range 12 { // each request goes to one kubenode of three
			if err := deeplinkProblem(ctx, client, []string{green, red}[n%2]); err != nil {
				return err
			}
		}
		return nil
	})
	answers(t, green, red)
	eventually(t, time.Minute, func(ctx context.Context) error {
		a, err := try(ctx, "wiabctl", "plan")
		if err == nil && a.stdout != "0 changes to make\n" {
			err = fmt.Errorf("plan after the restore: %s%s", a.stdout, a.stderr)
		}
		return err
	})
}

// onVM runs a shell line on a VM as its user.
func onVM(t testing.TB, name, line string) string {
	t.Helper()
	return onHost(t, fmt.Sprintf("ssh -i /var/lib/wiabctl/keys/user -o BatchMode=yes -o UserKnownHostsFile=/home/wire/wire-server-deploy/ssh/known_hosts demo@%s '%s'", name, line))
}

// clocks demands that the VMs know what time it is.
func clocks(t *testing.T) {
	t.Helper()
	for _, name := range []string{"assethost", "kubenode1", "datanode3"} {
		seconds, err := strconv.ParseInt(strings.TrimSpace(onVM(t, name, "date +%s")), 10, 64)
		if late := time.Since(time.Unix(seconds, 0)); err != nil || late.Abs() > 8*time.Second { // unset, it is late by as long as the break and the restore took
			t.Errorf("the clock of %s is %s late (%v)", name, late, err)
		}
	}
}

type listedSnapshot struct {
	Name       string `json:"name"`
	Memory     bool   `json:"memory"`
	Restorable bool   `json:"restorable"`
	Problem    string `json:"problem"`
}

// list is `wiabctl snapshot list`, as programs read it.
func list(t *testing.T) (all []listedSnapshot) {
	t.Helper()
	for line := range strings.Lines(mustWiabctl(t, "snapshot", "list", "--output", "json").stdout) {
		var one listedSnapshot
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// held is what the images take on the host, in bytes.
func held(t *testing.T) int64 {
	t.Helper()
	n, err := strconv.ParseInt(strings.Fields(onHost(t, "sync; du --summarize --block-size=1 /var/lib/libvirt/images"))[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
