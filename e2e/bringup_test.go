package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"wiabctl/e2e/lab"
	"wiabctl/e2e/lab/names"
)

// The scenarios stand in the order of the story that they tell, file by file: bad
// input on an empty host, bringing up, what may happen to an installation, tearing
// down. Each finds the lab nearly as it needs it, which saves most of the time. Each
// can be run alone too. What needs nothing of the lab's host, or leaves it alone, comes
// last, side by side (t.Parallel).

const (
	green = "green.example.org"
	red   = "red.example.com"
	blue  = "blue.example.net"
)

// TestUp goes from a bare host to an installation that answers outside, and leaves
// alone what stands beside it.
func TestUp(t *testing.T) {
	empty(t)
	before := onHost(t, foreignObjects)
	silent(t, green)
	a := uninterruptedUp(t)
	for _, stage := range []string{"preflight", "host", "assets", "network", "vms", "inventory", "secrets", "cluster", "layers", "helm", "domains", "certificates", "verify"} {
		if !strings.Contains(a.stdout, "\n"+stage+" ") && !strings.HasPrefix(a.stdout, stage+" ") {
			t.Errorf("up said nothing of the stage %s", stage)
		}
	}
	for _, list := range []string{"virsh list --state-running --name", "virsh list --autostart --name"} {
		if got := strings.Fields(onHost(t, list+" | sort")); strings.Join(got, " ") != "assethost datanode1 datanode2 datanode3 kubenode1 kubenode2 kubenode3" {
			t.Errorf("%s: %v", list, got)
		}
	}
	if a, err := try(t.Context(), "setpriv", "--reuid=libvirt-qemu", "--clear-groups", "test", "-x", "/home/wire"); err != nil || a.code != 1 {
		t.Errorf("the VMs run, and QEMU can enter the deploy user's home (exit %d, %v)", a.code, err)
	}
	saysEach(t, a.stdout, "\nhttps://webapp."+green+"/\n", "\nnext: the first account; ", "\n  then register at https://webapp."+green+"/\n")
	answers(t, green)
	same(t, "up touched what is foreign", before, onHost(t, foreignObjects))
}

// foreignObjects shows what is somebody else's on the host.
const foreignObjects = `
virsh net-dumpxml foreign; virsh net-list --autostart --name | grep foreign; virsh dumpxml kubenode; nft -s list table ip foreign
grep foreign /etc/hosts; cat /var/lib/libvirt/images/kubenode1.qcow2.foreign /etc/sysctl.d/50-foreign.conf; ls -d /home/foreign/wire-server-deploy
iptables -S DOCKER-USER | grep 10.9.9.9; docker images --no-trunc --format '{{.ID}} {{.Repository}}:{{.Tag}}' --filter label=foreign | sort`

// TestUpAgain runs up on a finished installation: nothing changes.
func TestUpAgain(t *testing.T) {
	standing(t)
	before := everything(t)
	a := mustWiabctl(t, "up")
	same(t, "a second up changed something", before, everything(t))
	if !strings.Contains(a.stdout, "\n0 changes\n") {
		t.Error("a second up does not say that it made 0 changes")
	}
	if p := planned(t); p.stdout != "0 changes to make\n" {
		t.Errorf("plan on a finished installation: %q", p.stdout)
	}
}

// TestAddDomain adds two domains, one after the other.
func TestAddDomain(t *testing.T) {
	installed(t)
	a := mustWiabctl(t, "add-domain", red)
	if strings.Contains(a.stdout, "the first account") || strings.Count(a.stdout, " config.externalUrls.appHost: ") != 1 {
		t.Errorf("adding red tells of the first account again, or of a value not once:\n%s", a.stdout)
	}
	answers(t, green, red)
	ingress := func() string {
		return kube(t, `helm history nginx-ingress-services --output json`) + kube(t, `helm history nginx-ingress-services-red --output json`) +
			kube(t, `kubebox kubectl get ingress nginx-ingress minio-ingress nginx-ingress-red minio-ingress-red --output yaml`)
	}
	before := ingress()
	stop := watch(t, green, red)
	mustWiabctl(t, "add-domain", blue)
	asked, wrong := stop()
	if len(wrong) > 0 || asked == 0 {
		t.Errorf("%d of %d answers of green and red were wrong while blue came: %v", len(wrong), asked, wrong)
	}
	answers(t, green, red, blue)
	same(t, "adding blue touched the releases of green or red", before, ingress())

	config := readHost(t, configFile)
	for line := range strings.Lines(freshConfig) {
		if !strings.Contains(config, line) {
			t.Errorf("the configuration file lost the line %q", line)
		}
	}
	if list := mustWiabctl(t, "domain", "list").stdout; strings.Contains(list, "never") || strings.Contains(list, "not right") {
		t.Errorf("what up saw of the domains is not kept:\n%s", list)
	}
	if a := mustWiabctl(t, "add-domain", blue); !strings.Contains(a.stdout, "\n0 changes\n") {
		t.Error("adding blue again changed something")
	}
}

// TestHelmOperationsAgain runs the script that forgets the extra domains, while a
// client asks for all of them: not one wrong or missing answer. As in any run that changes
// something it is looked outside before, and the domains are verified after.
func TestHelmOperationsAgain(t *testing.T) {
	standing(t, red, blue)
	revision := func() int {
		n, err := strconv.Atoi(strings.TrimSpace(kube(t, `helm list --filter '^wire-server$' --output json | jq -r '.[0].revision'`)))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if err := theLab.Names(names.Differences{Records: []string{"assets." + green + ". 5 IN A " + lab.WAN, "assets." + green + ". 5 IN AAAA 2001:db8::1"}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := theLab.Names(names.Differences{}); err != nil {
			t.Error(err)
		}
	})
	seen := func() string { return readHost(t, "/var/lib/wiabctl/verified/"+red+".json") }
	before, saw := revision(), seen()
	stop := watch(t, green, red, blue)
	again := mustWiabctl(t, "up", "--again", "helm")
	asked, wrong := stop()
	saysEach(t, again.stdout, "dns-wrong", "assets."+green+": it has an AAAA record, 2001:db8::1", ": wire-server deployed in ")
	if seen() == saw {
		t.Error("red was not verified")
	}
	if len(wrong) > 0 {
		t.Errorf("%d of %d answers were wrong:\n%s", len(wrong), asked, strings.Join(wrong, "\n"))
	}
	t.Logf("%d answers while helm-operations.sh ran again", asked)
	if asked < 30 {
		t.Errorf("only %d questions were asked", asked)
	}
	if revision() != before+1 {
		t.Errorf("wire-server went from revision %d to %d: the script did not run once", before, revision())
	}
	if values := readHost(t, "/home/wire/wire-server-deploy/values/wire-server/values.yaml"); strings.Contains(values, red) {
		t.Error("the script's own values name red: then this test proves nothing")
	}
}

// TestReboot reboots the KVM host; without wiabctl all domains answer again.
func TestReboot(t *testing.T) {
	standing(t, red, blue)
	const rules = "nft -s list table ip wiabctl; iptables -S DOCKER-USER | sort"
	spreadBecomes(t, "kubenode1 kubenode2 kubenode3")
	before := onHost(t, rules)
	if err := theLab.Reboot(t.Context()); err != nil {
		t.Fatal(err)
	}
	client := internetClient(t)
	eventually(t, 5*time.Minute, func(ctx context.Context) error {
		for n := range 30 { // ten a domain: each request goes to one kubenode of three
			if err := deeplinkProblem(ctx, client, []string{green, red, blue}[n%3]); err != nil {
				return err
			}
		}
		return nil
	})
	answers(t, green, red, blue)
	onHost(t, foreign)
	if _, err := shell(t.Context(), "test $(systemctl show --property=ActiveEnterTimestampMonotonic --value wiabctl-network) -lt $(systemctl show --property=InactiveExitTimestampMonotonic --value libvirtd)"); err != nil {
		t.Errorf("libvirtd, which starts the VMs, did not wait for the rules: %v", err)
	}
	spreadBecomes(t, "kubenode1 kubenode2 kubenode3")
	same(t, "the rules after the reboot", before, onHost(t, rules))
	eventually(t, 2*time.Minute, func(ctx context.Context) error {
		a, err := try(ctx, "wiabctl", "plan")
		if err == nil && a.stdout != "0 changes to make\n" {
			err = fmt.Errorf("plan after the reboot: %s%s", a.stdout, a.stderr)
		}
		return err
	})
}

// TestPlanFile saves a plan, lets the world move on, and applies one that is as it was; then
// looks at what the history tells of all that.
func TestPlanFile(t *testing.T) {
	standing(t)
	config := readHost(t, configFile)
	const file = "/root/plan.json"
	runs := len(history(t))
	stop := func(name string) { mustWiabctl(t, "vm", "stop", "--force", name) }
	save := func() { saysEach(t, wiabctl(t, "plan", "--out", file).stdout, "+ start domain datanode3") }
	stop("datanode3")
	save()
	stop("datanode2")
	refuses(t, 69, []string{"plan-outdated", "now vms: start domain datanode2"}, "up", "--plan-file", file)
	mustWiabctl(t, "vm", "start", "datanode2")
	writeHost(t, configFile, config+"host: {upgrade: true}\n")
	refuses(t, 69, []string{"the configuration, an overlay or a certificate changed"}, "up", "--plan-file", file)
	writeHost(t, configFile, config)
	if a := wiabctl(t, "up", "--yes=false"); a.code != 16 || !strings.Contains(a.stdout, "+ start domain datanode3") {
		t.Errorf("up without an answer: exit code %d; it must show what it would do, and change nothing", a.code)
	}
	saysEach(t, mustWiabctl(t, "up", "--plan-file", file, "--yes=false").stdout, "start domain datanode3: ", "\n1 change\n")
	unchanged(t)

	all := history(t)[runs:]
	var got []string
	for _, r := range all {
		got = append(got, fmt.Sprintf("%s %s %d %v", r.Command, r.Outcome, r.Changes, r.Failures))
	}
	same(t, "the history", "vm stop done 1 []\nvm stop done 1 []\nup failed 0 [plan-outdated]\nvm start done 1 []\nup failed 0 [plan-outdated]\n"+
		"up declined 0 [not-confirmed]\nup done 1 []", strings.Join(got, "\n"))
	last := all[len(all)-1]
	saysEach(t, mustWiabctl(t, "history", "show", strconv.Itoa(last.Number)).stdout, "by       root, with wiabctl ",
		"+ start domain datanode3", "start domain datanode3: ")
	log := readHost(t, last.Log)
	saysEach(t, log, `"msg":"ssh","stage":"`, `"msg":"wait","stage":"vms"`, `"msg":"kubernetes","stage":"`, `"msg":"request","stage":"verify"`)
}

// recorded is a run, as wiabctl history tells it.
type recorded struct {
	Number   int
	Command  string
	Outcome  string
	Changes  int
	Failures []string
	Log      string
}

// history are the runs that wiabctl keeps.
func history(t *testing.T) (all []recorded) {
	t.Helper()
	for line := range strings.Lines(mustWiabctl(t, "history", "--output", "json").stdout) {
		var r recorded
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// TestCtrlC stops up while a VM boots: nothing is left half done, and the next up goes on.
func TestCtrlC(t *testing.T) {
	standing(t)
	mustWiabctl(t, "vm", "stop", "--force", "datanode3")
	said := onHost(t, `wiabctl up --only vms >/root/said 2>&1 & pid=$!
timeout 60 sh -c 'until grep -q "waiting for datanode3" /root/said; do sleep 0.02; done'; kill -INT $pid; wait $pid; echo "exit $?"; cat /root/said`)
	t.Log(said)
	saysEach(t, said, "exit 15", "stopping: start domain datanode3: it is finished first, or left where it waits", "[interrupted]", "next: wiabctl up")
	if last := history(t); last[len(last)-1].Outcome != "stopped" {
		t.Errorf("the history tells of %+v", last[len(last)-1])
	}
	mustWiabctl(t, "up")

	// What writes is finished: a snapshot is whole, or, after a second Ctrl-C, given up at once.
	once := pressed(t, "snapshot create once", "create snapshot once")
	saysEach(t, once, "stopping: create snapshot once: it is finished first")
	twice := pressed(t, "snapshot create twice", "create snapshot twice", "stopping: create snapshot twice")
	saysEach(t, twice, "[interrupted]", "exit 15")
	mustWiabctl(t, "up")
	all := list(t)
	if len(all) != 1 || all[0].Name != "once" || all[0].Problem != "" {
		t.Errorf("the snapshots are %+v", all)
	}
	mustWiabctl(t, "snapshot", "delete", "once")

	// A guest that takes its time is asked, and not cut off because nobody waits for it any more.
	const deaf = "/etc/acpi/PWRF/00000080"
	inVM(t, "datanode3", "mv "+deaf+" /run/deaf")
	before := onHost(t, "virsh domid datanode3")
	saysEach(t, pressed(t, "vm stop datanode3", "stop domain datanode3"), "exit 15", "[interrupted]")
	same(t, "the VM that was asked to shut down", before, onHost(t, "virsh domid datanode3"))
	inVM(t, "datanode3", "mv /run/deaf "+deaf)
	unchanged(t)
}

// pressed runs wiabctl on a terminal of the host, presses Ctrl-C each time once it says what is given, and returns all it said.
func pressed(t *testing.T, line string, says ...string) string {
	t.Helper()
	keys := ""
	for _, said := range says {
		keys += fmt.Sprintf("until grep -qE '%s' /root/said; do sleep 0.01; done; printf '\\003'; ", said)
	}
	said := onHost(t, `rm -f /root/said; touch /root/said
(`+keys+`) | timeout --foreground 120 script --quiet --flush --return --command "TERM=dumb wiabctl `+line+`" /root/said; echo "exit $?"; rm /root/said`)
	t.Log(said)
	return said
}
