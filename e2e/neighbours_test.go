package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wiabctl/e2e/lab"
)

// The scenarios with the host's other tenants: docker and others' firewall rules.

// ways demands that every way still leads there: from the internet, from a VM through
// the public address (hairpin), from a VM to another.
func ways(t *testing.T) {
	t.Helper()
	client := internetClient(t)
	eventually(t, 20*time.Second, func(ctx context.Context) error { return deeplinkProblem(ctx, client, green) })
	for _, server := range []string{lab.WAN + " 80", kubenodes["kubenode2"] + " 31772"} {
		onVM(t, "assethost", `printf "HEAD / HTTP/1.0\r\n\r\n" | nc -w 5 `+server+" | grep ^HTTP/")
	}
}

// TestDockerNeighbour stops, starts and restarts docker, whose firewall drops what is
// forwarded: no way is lost, with bridges' traffic in the firewall or not, and docker
// keeps what is its own.
func TestDockerNeighbour(t *testing.T) {
	standing(t)
	const dockers = "iptables -S | grep -v wiabctl | grep -v '^-P FORWARD' | sort; iptables -t nat -S | sort"
	before := onHost(t, dockers)
	policy := strings.TrimSpace(onHost(t, "iptables -S FORWARD | head -n 1"))
	defer func() {
		onHost(t, "systemctl reset-failed docker; systemctl start docker.socket docker; iptables "+policy+"; sysctl -q -w net.bridge.bridge-nf-call-iptables=0")
	}()
	for _, step := range []struct{ name, line string }{
		{"stopped", "systemctl stop docker.socket docker"},
		// Where docker finds forwarding off, it switches it on and drops what is not its own.
		{"started", "sysctl -q -w net.ipv4.ip_forward=0; systemctl start docker.socket docker; iptables -S FORWARD | grep -x -e '-P FORWARD DROP'"},
		{"restarted", "systemctl restart docker; iptables -S FORWARD | grep -x -e '-P FORWARD DROP'"},
		{"killed", "kill -KILL $(cat /run/docker.pid); sleep 1; systemctl start docker; iptables -S FORWARD | grep -x -e '-P FORWARD DROP'"},
		{"started without our rules", "systemctl stop docker.socket docker; iptables -S DOCKER-USER | grep wiabctl | sed s/-A/-D/ | xargs -L 1 iptables; systemctl start docker.socket docker"},
	} {
		t.Run(step.name, func(t *testing.T) {
			onHost(t, "systemctl reset-failed docker; "+step.line) // systemd counts starts, and refuses the fourth in a minute
			for _, filtered := range []string{"1", "0"} {
				onHost(t, "sysctl -q -w net.bridge.bridge-nf-call-iptables="+filtered)
				ways(t)
			}
		})
	}
	same(t, "docker's own rules changed", before, onHost(t, dockers))
	if p := planned(t); p.stdout != "0 changes to make\n" {
		t.Errorf("plan afterwards: %s", p.stdout)
	}
}

// TestForeignFlush has somebody else empty all of nftables: up mends it; and where
// nftables.service does it, nothing has to be mended.
func TestForeignFlush(t *testing.T) {
	standing(t)
	const rules = "nft -s list table ip wiabctl | sort" // the order of its chains is that of their making
	// The chains of docker and libvirt and the foreign table are their owners' to bring back.
	const mend = "systemctl reset-failed docker; systemctl restart docker libvirtd\n" + foreign
	before, docker := onHost(t, rules), onHost(t, "iptables -S DOCKER-USER | sort")
	defer func() { onHost(t, mend) }()

	onHost(t, "nft flush ruleset")
	silent(t, green)
	mustWiabctl(t, "up")
	answers(t, green)
	same(t, "the rules that up brought back", before, onHost(t, rules))
	onHost(t, mend)
	eventually(t, 20*time.Second, func(ctx context.Context) error { // our unit follows docker's
		again, err := shell(ctx, "iptables -S DOCKER-USER | sort")
		if err == nil && again != docker {
			err = fmt.Errorf("docker's chain after docker came back: %s", cmp.Diff(docker, again))
		}
		return err
	})

	conf := readHost(t, "/etc/nftables.conf")
	if !strings.Contains(conf, "flush ruleset") {
		t.Fatalf("Debian's nftables.conf flushes nothing: then this test proves nothing:\n%s", conf)
	}
	defer func() {
		writeHost(t, "/etc/nftables.conf", conf)
		onHost(t, "systemctl disable --quiet nftables; systemctl stop nftables; systemctl reset-failed nftables || true")
	}()
	client := internetClient(t)
	const flushed = "; ! nft list table ip witness 2>/dev/null"
	for _, step := range []struct{ name, conf, line string }{
		{"start", conf, "systemctl start nftables" + flushed},
		{"reload", conf, "systemctl reload nftables" + flushed},
		{"restart", conf, "systemctl restart nftables" + flushed},
		{"stop", conf, "systemctl stop nftables" + flushed},
		{"failed restart", conf + "nonsense\n", "! systemctl restart nftables 2>/dev/null" + flushed},
	} {
		if step.name == "failed restart" {
			onHost(t, "systemctl start nftables")
		}
		writeHost(t, "/etc/nftables.conf", step.conf)
		onHost(t, "nft add table ip witness; "+step.line)
		same(t, "the rules after nftables' "+step.name, before, onHost(t, rules))
		if err := deeplinkProblem(t.Context(), client, green); err != nil {
			t.Errorf("after nftables' %s: %v", step.name, err)
		}
	}
	writeHost(t, "/etc/nftables.conf", conf)
	onHost(t, "systemctl enable --quiet nftables")
	if p := planned(t); !strings.Contains(p.stdout+p.stderr, "nftables-flush") {
		t.Error("plan does not warn of nftables.service's flush")
	}
}
