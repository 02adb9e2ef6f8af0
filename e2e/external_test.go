package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestVMCommands handles single VMs from the command line.
func TestVMCommands(t *testing.T) {
	standing(t)
	var states []string
	list := mustWiabctl(t, "vm", "list", "--output", "json")
	for line := range strings.Lines(list.stdout) {
		var vm struct {
			Name, Address, State string
			Ready                bool
		}
		if err := json.Unmarshal([]byte(line), &vm); err != nil {
			t.Fatal(err, line)
		}
		states = append(states, fmt.Sprint(vm.Name, " ", vm.Address, " ", vm.State, " ", vm.Ready))
	}
	if len(states) != 7 || states[1] != "kubenode1 192.168.122.21 running true" {
		t.Errorf("vm list: %v", states)
	}

	ssh := wiabctl(t, "vm", "ssh", "kubenode1", "--", "sh", "-c", `hostname; echo "it's $1" >&2; exit 7`, "sh", "a  word")
	if ssh.code != 7 || ssh.stdout != "kubenode1\n" || ssh.stderr != "it's a  word\n" {
		t.Errorf("vm ssh: exit %d, %q, %q", ssh.code, ssh.stdout, ssh.stderr)
	}
	if got := onHost(t, `script -qec 'stty cols 91; wiabctl vm ssh kubenode1' /dev/null <<X
stty size | tr ' ' x; tty; exit
X`); !strings.Contains(got, "x91") || !strings.Contains(got, "/dev/pts/") {
		t.Errorf("a login on a terminal shows\n%s", got)
	}
	if found := onHost(t, "ls -A /root/.ssh 2>/dev/null || true"); strings.Contains(found, "known_hosts") {
		t.Error("vm ssh wrote the user's known_hosts")
	}
	if said := mustWiabctl(t, "vm", "logs", "kubenode1").stdout; !strings.Contains(said, "Linux version") && !strings.Contains(said, "finished at") {
		t.Errorf("the console's log holds no boot:\n%.2000s", said)
	}
	onHost(t, `printf '\r\035' | timeout 20 wiabctl vm console kubenode1`)

	id := func() string { return onHost(t, "virsh domid kubenode2") }
	before := id()
	mustWiabctl(t, "vm", "restart", "kubenode2")
	if id() == before {
		t.Error("vm restart restarted nothing")
	}
	if a := mustWiabctl(t, "vm", "start", "--all"); !strings.HasSuffix(a.stdout, "0 changes\n") {
		t.Errorf("starting what runs: %s", a.stdout)
	}
}

// libvirtObjects are all that libvirt has of domains and networks.
const libvirtObjects = `for d in $(virsh list --all --name | sort); do virsh dumpxml $d; virsh domstate $d; done
virsh list --all --autostart --name | sort; for n in $(virsh net-list --all --name | sort); do virsh net-dumpxml $n; done`

const (
	externalDir  = "/root/external"
	externalFile = externalDir + "/wiabctl.yaml"
)

// externally writes a second configuration, in which the lab's own VMs are somebody
// else's: found by address, key and host keys alone, which are kept under hashed names.
func externally(t *testing.T) {
	t.Helper()
	if !strings.Contains(freshConfig, "\nvms:\n") {
		t.Fatal("the lab's configuration has no part vms")
	}
	machines := ""
	onHost(t, "mkdir -m 700 "+externalDir+" && install -m 600 /var/lib/wiabctl/keys/user "+externalDir+"/key")
	for name, last := range map[string]int{"assethost": 10, "kubenode1": 21, "kubenode2": 22, "kubenode3": 23, "datanode1": 31, "datanode2": 32, "datanode3": 33} {
		address := fmt.Sprint("192.168.122.", last)
		machines += fmt.Sprintf("    %s: {address: %s}\n", name, address)
		onHost(t, fmt.Sprintf("echo %s $(ssh-keygen -y -f /var/lib/wiabctl/keys/host-%s) >>%s/known_hosts", address, name, externalDir))
	}
	onHost(t, "cd "+externalDir+" && ssh-keygen -q -H -f known_hosts 2>&1 && rm known_hosts.old && ! grep 192.168 known_hosts")
	config := strings.ReplaceAll(freshConfig, "disk: 4GiB", "disk: 2GiB") // the lab's small image does not grow to its disk
	writeHost(t, externalFile, strings.Replace(config, "\nvms:\n",
		"\nvms:\n  provider: external\n  key: "+externalDir+"/key\n  known_hosts: "+externalDir+"/known_hosts\n  machines:\n"+machines, 1))
}

// TestExternalProvider runs the installation on VMs that, by its configuration, somebody
// else made: it changes nothing of libvirt's and finds what does not fit.
func TestExternalProvider(t *testing.T) {
	long(t)
	installed(t)
	defer onHost(t, "rm -rf "+externalDir)
	externally(t)
	external := func(args ...string) answer { return wiabctl(t, append([]string{"--config", externalFile}, args...)...) }
	before := onHost(t, libvirtObjects)

	// The cluster's script has to run again: others' disks are told apart by host keys. All else fits.
	plan := external("plan")
	if plan.code != 2 || !strings.HasSuffix(plan.stdout, "\n1 change to make\n") || !strings.Contains(plan.stdout, "cluster ") {
		t.Errorf("plan with external VMs: exit %d\n%s", plan.code, plan.stdout)
	}
	if up := external("up"); up.code != 0 {
		t.Fatalf("up with external VMs: exit %d", up.code)
	}
	same(t, "up with external VMs changed something of libvirt's", before, onHost(t, libvirtObjects))
	if plan := external("plan"); plan.stdout != "0 changes to make\n" {
		t.Errorf("plan after up: %s", plan.stdout)
	}
	answers(t, green)

	if list := external("vm", "list"); strings.Count(list.stdout, " external ") != 7 || strings.Count(list.stdout, " yes\n") != 7 {
		t.Errorf("vm list: %s", list.stdout)
	}
	if ssh := external("vm", "ssh", "datanode3", "--", "hostname"); ssh.stdout != "datanode3\n" {
		t.Errorf("vm ssh: %s", ssh.stdout)
	}
	if stop := external("vm", "stop", "datanode3"); stop.code != 96 || !strings.Contains(stop.stderr, "[vm-elsewhere]") {
		t.Errorf("vm stop: exit %d: %s", stop.code, stop.stderr)
	}

	unfit(t, external)
	if plan := external("plan"); plan.code != 0 || plan.stdout != "0 changes to make\n" {
		t.Errorf("plan when all is mended: %s", plan.stdout)
	}
	mustWiabctl(t, "up") // the script once more, on the disks that wiabctl knows
	if plan := planned(t); plan.stdout != "0 changes to make\n" {
		t.Errorf("plan with the lab's own configuration: %s", plan.stdout)
	}
}

// unfit breaks a VM in each way, demands that all of it is found at once, and mends it.
func unfit(t *testing.T, external func(args ...string) answer) {
	t.Helper()
	on := func(name, line string) string { return "wiabctl vm ssh " + name + " -- sh -c '" + line + "'" }
	hosts := externalDir + "/known_hosts"
	breaks := []struct{ way, says, do, undo string }{
		{"hostname", `assethost: its hostname is "elsewhere"`,
			on("assethost", "sudo hostname elsewhere"), on("assethost", "sudo hostname assethost")},
		{"stopped", "kubenode1: kubenode1 does not answer",
			"wiabctl vm stop kubenode1", "wiabctl vm start kubenode1"},
		{"clock", "kubenode2: its clock is ",
			on("kubenode2", "sudo date -s @$(($(date +%s) + 600))"), on("kubenode2", "sudo date -s @$(($(date +%s) - 599))")},
		{"host key", "kubenode3: kubenode3 (192.168.122.23:22): shows the host key",
			"cp " + hosts + " " + hosts + ".right; ssh-keygen -q -R 192.168.122.23 -f " + hosts +
				"; echo 192.168.122.23 $(ssh-keygen -y -f /var/lib/wiabctl/keys/host-kubenode2) >>" + hosts,
			"mv " + hosts + ".right " + hosts},
		{"MTU", "datanode1: the MTU of its interface is 1400",
			on("datanode1", "sudo ip link set enp1s0 mtu 1400"), on("datanode1", "sudo ip link set enp1s0 mtu 1500")},
		// Nobody can give sudo back by sudo, so something that has it already waits for a sign.
		{"sudo", "datanode2: demo cannot use sudo without a password",
			on("datanode2", `touch /tmp/nosudo; sudo sh -c "mv /etc/sudoers.d/90-cloud-init-users /root/; (while [ -e /tmp/nosudo ]; do sleep 0.2; done; mv /root/90-cloud-init-users /etc/sudoers.d/) </dev/null >/dev/null 2>&1 &"`),
			on("datanode2", "rm /tmp/nosudo; until sudo -n true 2>/dev/null; do sleep 0.2; done")},
	}
	for _, b := range breaks {
		onHost(t, b.do)
		defer onHost(t, b.undo)
	}
	began := time.Now()
	a := external("up")
	for _, b := range breaks {
		if !strings.Contains(a.stderr, b.says) {
			t.Errorf("%s: up does not say %q", b.way, b.says)
		}
	}
	if a.code != 90 || !strings.Contains(a.stderr, "[vm-unfit]") || !strings.Contains(a.stderr, "[vm-external-unreachable]") || strings.Contains(a.stderr, "datanode3:") {
		t.Errorf("up with unfit VMs: exit %d", a.code)
	}
	t.Logf("all %d faults were found in %s", len(breaks), time.Since(began).Round(time.Millisecond))
}
