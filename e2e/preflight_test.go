package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"wiabctl/e2e/lab"
	"wiabctl/e2e/lab/names"
)

// preflightFinding is one as `wiabctl preflight --output json` tells it.
type preflightFinding struct {
	ID, Severity, Seen, Breaks, Advice, Command string
	Exit                                        int
}

// preflight runs it and demands that it ends in time, with the exit code of the first finding that is no note.
func preflight(t *testing.T, args ...string) []preflightFinding {
	t.Helper()
	a := wiabctl(t, append([]string{"preflight", "--output", "json"}, args...)...)
	if a.took > 8*time.Second { // of which entering the lab takes a part
		t.Errorf("it took %s", a.took)
	}
	var all []preflightFinding
	for line := range strings.Lines(a.stdout) {
		var f preflightFinding
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	want := 0
	if len(all) > 0 && all[0].Severity != "note" {
		want = all[0].Exit
	}
	if a.code != want {
		t.Errorf("exit code %d, want %d", a.code, want)
	}
	return all
}

// TestPreflight plants trouble of many sorts beside a running installation: all of it is found at once, and nothing
// else than before; what is judged can be ignored. Nobody has to be installed anew for it.
func TestPreflight(t *testing.T) {
	standing(t)
	before := preflight(t)
	for _, f := range before {
		// The lab's kernel is another machine's, on which perhaps nobody keeps the clock right.
		if f.Severity != "note" && f.ID != "clock-unsynchronised" {
			t.Errorf("on a running installation it finds %+v", f)
		}
	}

	t.Cleanup(func() {
		onHost(t, "systemctl stop planted-port planted-lock; nft delete table ip planted; rm /etc/sysctl.d/99-planted.conf; sed -i /planted/d /etc/hosts")
		if err := theLab.Names(names.Differences{}); err != nil {
			t.Error(err)
		}
		if p := planned(t); p.stdout != "0 changes to make\n" {
			t.Errorf("plan afterwards: %s", p.stdout)
		}
	})
	onHost(t, `set -e
systemd-run --quiet --unit=planted-port systemd-socket-activate --datagram --listen=50000 /bin/cat
systemd-run --quiet --unit=planted-lock flock /run/wiabctl.lock sleep 600
nft -f - <<X
table ip planted {
  chain out { type filter hook output priority 0; ip daddr `+lab.Gateway+` tcp dport 443 drop; }
}
X
echo net.bridge.bridge-nf-call-iptables = 1 >/etc/sysctl.d/99-planted.conf
echo 10.9.9.8 kubenode2 planted >>/etc/hosts
until ss -lnu | grep -q :50000 && ! flock --nonblock /run/wiabctl.lock true; do sleep 0.1; done`)
	if err := theLab.Names(names.Differences{Records: []string{"teams." + green + ". 5 IN A 192.0.2.99", "assets." + green + ". 5 IN A " + lab.WAN, "assets." + green + ". 5 IN AAAA 2001:db8::1"}}); err != nil {
		t.Fatal(err)
	}

	planted := []struct{ id, severity, seen, command string }{
		{"locked", "fatal", "another wiabctl is at work: ", "wiabctl status"},
		{"hosts-clash", "warning", "gives kubenode2 the address 10.9.9.8", "sudoedit /etc/hosts"},
		{"port-taken", "warning", "50000 by systemd-socket-", "systemctl disable --now planted-port.service"},
		{"setting-contested", "warning", "/etc/sysctl.d/99-planted.conf sets net.bridge.bridge-nf-call-iptables to 1", "/etc/sysctl.d/99-planted.conf"},
		{"dns-wrong", "warning", "teams." + green + ": it leads to 192.0.2.99, not to " + lab.WAN, "wiabctl domain dns " + green},
		{"dns-wrong", "warning", "assets." + green + ": it has an AAAA record, 2001:db8::1", "wiabctl domain dns " + green},
		{"acme-unreachable", "warning", "https://acme-v02.api.letsencrypt.org/directory: no answer within 4s", "curl "},
	}
	found := preflight(t)
	if !slices.IsSortedFunc(found, func(a, b preflightFinding) int {
		order := []string{"fatal", "warning", "note"}
		return slices.Index(order, a.Severity) - slices.Index(order, b.Severity)
	}) {
		t.Error("the worst are not first")
	}
	var ids []string
	for _, p := range planted {
		ids = append(ids, p.id)
		if !slices.ContainsFunc(found, func(f preflightFinding) bool {
			return f.ID == p.id && f.Severity == p.severity && strings.Contains(f.Seen, p.seen) && strings.Contains(f.Command, p.command) && f.Breaks != "" && f.Advice != ""
		}) {
			t.Errorf("it does not find %+v", p)
		}
	}
	if len(found) != len(before)+len(planted)-1 { // of one domain all is told at once
		t.Errorf("%d findings, %d before, %d are planted", len(found), len(before), len(planted)-1)
	}

	// Another wiabctl that works is no judgement; all the rest may be ignored.
	ignore := "--ignore=" + strings.Join(append(ids, "clock-unsynchronised"), ",")
	left := preflight(t, ignore)
	if len(left) == 0 || left[0].ID != "locked" || !strings.Contains(left[0].Advice, "it cannot be ignored") || len(left) > 1 && left[1].Severity != "note" {
		t.Errorf("with %s it finds %+v", ignore, left)
	}
	onHost(t, "systemctl stop planted-lock")
	if left := preflight(t, ignore); slices.ContainsFunc(left, func(f preflightFinding) bool { return f.Severity != "note" }) {
		t.Errorf("with %s and the lock free it finds %+v", ignore, left)
	}

	// up refuses for the same reason, and goes on where it is told that a port is no matter.
	onHost(t, "systemd-run --quiet --unit=planted-web systemd-socket-activate --accept --listen=443 /bin/cat; "+listens("t", 443))
	defer onHost(t, "systemctl stop planted-web")
	if a := wiabctl(t, "up", "--only", "host"); a.code != 40 {
		t.Errorf("up with a taken port: exit code %d", a.code)
	}
	mustWiabctl(t, "up", "--only", "host", "--ignore", "port-taken")
}
