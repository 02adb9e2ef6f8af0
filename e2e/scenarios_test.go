package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The scenarios stand in the order of the story that they tell: each finds the lab
// nearly as it needs it, which saves most of the time. Each can be run alone too.

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
	for _, stage := range []string{"preflight", "host", "assets", "network", "vms", "inventory", "secrets", "cluster", "helm", "domains", "certificates", "verify"} {
		if !strings.Contains(a.stdout, "\n"+stage+" ") && !strings.HasPrefix(a.stdout, stage+" ") {
			t.Errorf("up said nothing of the stage %s", stage)
		}
	}
	for _, list := range []string{"virsh list --state-running --name", "virsh list --autostart --name"} {
		if got := strings.Fields(onHost(t, list+" | sort")); strings.Join(got, " ") != "assethost datanode1 datanode2 datanode3 kubenode1 kubenode2 kubenode3" {
			t.Errorf("%s: %v", list, got)
		}
	}
	answers(t, green)
	same(t, "up touched what is foreign", before, onHost(t, foreignObjects))
}

// foreignObjects shows what is somebody else's on the host.
const foreignObjects = `
virsh net-dumpxml foreign; virsh net-list --autostart --name | grep foreign; virsh dumpxml kubenode; nft -s list table ip foreign
grep foreign /etc/hosts; cat /var/lib/libvirt/images/kubenode1.qcow2.foreign /etc/sysctl.d/50-foreign.conf; ls -d /home/foreign/wire-server-deploy
iptables -S DOCKER-USER | grep 10.9.9.9; docker images --no-trunc --format '{{.ID}}' quay.io/wire/foreign`

// TestUpAgain runs up on a finished installation: nothing changes.
func TestUpAgain(t *testing.T) {
	installed(t)
	before := everything(t)
	a := mustWiabctl(t, "up")
	same(t, "a second up changed something", before, everything(t))
	if !strings.Contains(a.stdout, "\n0 changes\n") {
		t.Error("a second up does not say that it made 0 changes")
	}
	if p := mustWiabctl(t, "plan"); p.stdout != "0 changes to make\n" {
		t.Errorf("plan on a finished installation: %q", p.stdout)
	}
}

// TestAddDomain adds two domains, one after the other.
func TestAddDomain(t *testing.T) {
	installed(t)
	mustWiabctl(t, "add-domain", red)
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
	if a := mustWiabctl(t, "add-domain", blue); !strings.Contains(a.stdout, "\n0 changes\n") {
		t.Error("adding blue again changed something")
	}
}

// TestHelmOperationsAgain runs the script that forgets the extra domains, while a
// client asks for all of them: not one wrong or missing answer.
func TestHelmOperationsAgain(t *testing.T) {
	installed(t, red, blue)
	revision := func() int {
		n, err := strconv.Atoi(strings.TrimSpace(kube(t, `helm list --filter '^wire-server$' --output json | jq -r '.[0].revision'`)))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := revision()
	stop := watch(t, green, red, blue)
	mustWiabctl(t, "up", "--again", "helm")
	asked, wrong := stop()
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
	installed(t, red, blue)
	before := onHost(t, "nft -s list table ip wiabctl; iptables -S DOCKER-USER | sort")
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
	same(t, "the rules after the reboot", before, onHost(t, "nft -s list table ip wiabctl; iptables -S DOCKER-USER | sort"))
	eventually(t, 2*time.Minute, func(ctx context.Context) error {
		a, err := try(ctx, "wiabctl", "plan")
		if err == nil && a.stdout != "0 changes to make\n" {
			err = fmt.Errorf("plan after the reboot: %s%s", a.stdout, a.stderr)
		}
		return err
	})
}

// TestDown removes everything that wiabctl made and nothing else: the host is then
// what it was before, with the foreign things that stand on it from the start.
func TestDown(t *testing.T) {
	installed(t)
	silent(t, red) // which another scenario may have added: a domain that left the configuration is gone
	if a := wiabctl(t, "down"); a.code != 16 || !strings.Contains(a.stdout, "delete domain kubenode1") {
		t.Errorf("down without an answer: exit code %d; it must show what it would remove, and remove nothing", a.code)
	}
	answers(t, green)

	mustWiabctl(t, "down", "--yes")
	same(t, "down left something behind, or took too much", freshHost, onHost(t, hostObjects))
	silent(t, green)
	if a := mustWiabctl(t, "down", "--yes"); !strings.HasPrefix(a.stdout, "0 changes") {
		t.Errorf("a second down: %s", a.stdout)
	}
}

// uninterrupted is what an up that nobody disturbs comes to, and how long it takes:
// what TestKilled measures its own by.
var uninterrupted struct {
	outcome string
	took    time.Duration
}

// uninterruptedUp makes the installation on an empty host and notes both.
func uninterruptedUp(t *testing.T) answer {
	t.Helper()
	a := mustWiabctl(t, "up")
	uninterrupted.outcome, uninterrupted.took = outcome(t), a.took
	return a
}

// TestKilled kills wiabctl at five random moments of a fresh up; each next up goes
// on, and the outcome equals that of an uninterrupted run.
func TestKilled(t *testing.T) {
	if uninterrupted.outcome == "" {
		empty(t)
		uninterruptedUp(t)
	}
	empty(t)
	seed := uint64(time.Now().UnixNano())
	if given := os.Getenv("WIABCTL_SEED"); given != "" {
		var err error
		if seed, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("WIABCTL_SEED=%d; an uninterrupted up takes %s", seed, uninterrupted.took.Round(time.Second))
	random := rand.New(rand.NewPCG(seed, 0))
	for range 5 {
		// A sixth of the whole on average: the five moments spread over it, and none comes after its end.
		killUp(t, time.Duration(random.Int64N(int64(uninterrupted.took/3))))
	}
	mustWiabctl(t, "up")
	answers(t, green)
	same(t, "the outcome differs from an uninterrupted run's", uninterrupted.outcome, outcome(t))
	if a := mustWiabctl(t, "up"); !strings.Contains(a.stdout, "\n0 changes\n") {
		t.Error("the next up still changes something")
	}
}

// killUp starts up and ends it with SIGKILL after the time given.
func killUp(t *testing.T, after time.Duration) {
	t.Helper()
	line := fmt.Sprintf(`wiabctl up & pid=$!; sleep %.3f; kill -KILL $pid; wait $pid`, after.Seconds())
	a, err := try(t.Context(), "bash", "-c", line)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("killed after %s: exit %d\n%s%s", after.Round(time.Millisecond), a.code, a.stdout, a.stderr)
	if a.code != 137 {
		t.Errorf("up had ended before it could be killed: exit code %d", a.code)
	}
}
