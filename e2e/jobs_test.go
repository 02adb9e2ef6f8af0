package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// TestReattach ends wiabctl, the job and the admin host in the middle of
// offline-cluster.sh: a next run attaches to a job that works, and runs one anew that is
// cancelled or lost; there is never a second one.
func TestReattach(t *testing.T) {
	long(t)
	standing(t)
	const unit = "wiabctl-job-cluster"
	first := running(t, unit, "up", "--again", "cluster")
	onHost(t, "pkill -KILL -f '^wiabctl up'")
	if a := <-first; a.code != -1 {
		t.Errorf("up was killed and ended with %d", a.code)
	}
	process := onHost(t, "systemctl show --property=MainPID --value "+unit)
	following := start(t, "logs", "--follow")
	attached := start(t, "attach", "cluster")
	again := mustWiabctl(t, "up")
	saysEach(t, again.stdout, "run offline-cluster.sh: it has been running since ", "found it running since ")
	for _, a := range []answer{<-following, <-attached} {
		saysEach(t, a.stdout, "PLAY RECAP")
		if a.code != 0 {
			t.Errorf("following a job that succeeded: exit code %d\n%s", a.code, a.stderr)
		}
	}
	if seen := onHost(t, "grep -c 'PLAY RECAP' "+deployDir+"/wiab/jobs/cluster/output"); process == "0\n" || seen == "0\n" {
		t.Errorf("the job was not the one that ran: main process %q, %s recaps", process, seen)
	}
	if a := mustWiabctl(t, "logs", "secrets"); !strings.Contains(a.stdout, "Z ") {
		t.Errorf("the log of offline-secrets.sh: %q", a.stdout)
	}
	refuses(t, 102, []string{"job-unknown", "no job runs at the moment; the last one was cluster"}, "attach")

	// Cancelled: the whole tree ends, its container too, and up says so.
	cancelled := running(t, unit, "up", "--again", "cluster")
	eventually(t, 30*time.Second, func(ctx context.Context) error {
		_, err := shell(ctx, "docker inspect --format '{{.State.Running}}' "+unit)
		return err
	})
	saysEach(t, mustWiabctl(t, "cancel", "--output", "json").stdout, `{"cancelled":"cluster"}`)
	if a := <-cancelled; a.code != 101 || !strings.Contains(a.stderr, "job-cancelled") {
		t.Errorf("up, whose job was cancelled: exit code %d\n%s", a.code, a.stderr)
	}
	if left := onHost(t, "docker ps --all --quiet --filter name="+unit+"; systemctl list-units --plain --no-legend "+unit+"*; pgrep -f '[a]nsible-playbook' || true"); left != "" {
		t.Errorf("of the cancelled job is left:\n%s", left)
	}
	saysEach(t, planned(t).stdout, "run offline-cluster.sh: its run of ", " was cancelled")

	// Lost: the admin host is rebooted.
	lost := running(t, unit, "up")
	onHost(t, "pkill -KILL -f '^wiabctl up'") // the shutdown would stop it first, and whoever waits for it in the lab
	if err := theLab.Reboot(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-lost
	onHost(t, foreign)
	after := mustWiabctl(t, "up")
	saysEach(t, after.stdout, "run offline-cluster.sh: its run of ", " was lost when the admin host was rebooted")
	unchanged(t)
	answers(t, green)
}

// TestLinkCut cuts the connection to the admin host for a minute in the middle of a
// script: up goes on as if nothing had been.
func TestLinkCut(t *testing.T) {
	long(t)
	standing(t)
	scripts := []string{"helm"}
	if soaking() {
		scripts = []string{"cluster", "helm"}
	}
	up := start(t, "up", "--again", strings.Join(scripts, ","))
	for _, name := range scripts {
		eventually(t, 3*time.Minute, func(ctx context.Context) error { return active(ctx, "wiabctl-job-"+name) })
		onHost(t, `nft -f - <<X
table inet cut {
  chain in { type filter hook input priority -400; iif lo tcp dport 22 drop; iif lo tcp sport 22 drop; }
}
X
sleep 60; nft delete table inet cut`)
	}
	a := <-up
	if a.code != 0 {
		t.Fatalf("up: exit code %d\n%s%s", a.code, a.stdout, a.stderr)
	}
	saysEach(t, a.stdout, "no connection to the admin host for ", "where the job goes on", "the admin host answers again, after ")
	for _, name := range scripts {
		if runs := onHost(t, "grep -c 'wiabctl: run ' "+deployDir+"/wiab/jobs/"+name+"/output"); runs != "1\n" {
			t.Errorf("the script of %s ended %s times", name, runs)
		}
	}
	unchanged(t)
	answers(t, green)
}

// TestHostKeyChanged gives the admin host another host key than the one that is known.
func TestHostKeyChanged(t *testing.T) {
	standing(t)
	const key = "/etc/ssh/ssh_host_ed25519_key"
	known := strings.Fields(onHost(t, "ssh-keygen -l -f "+key+".pub"))[1]
	// The public file says one key, sshd shows another: somebody is in between.
	onHost(t, "set -e; cp -a "+key+" /root/key; ssh-keygen -q -t ed25519 -N '' -f /root/other; cat /root/other >"+key+"; systemctl restart ssh")
	defer onHost(t, "cat /root/key >"+key+"; rm /root/key /root/other*; systemctl restart ssh")
	shown := strings.Fields(onHost(t, "ssh-keygen -l -f /root/other.pub"))[1]
	before := everything(t)
	refuses(t, 61, []string{"host-key-changed", known, shown}, "up")
	same(t, "something was changed", before, everything(t))
}

// TestHostileRemote has the admin host say more than anybody can read, in bytes that are
// no text; then its disk is full, and its sshd accepts and never answers.
func TestHostileRemote(t *testing.T) {
	long(t)
	standing(t)
	scripted(t, `head -c 100000000 /dev/zero | tr '\0' '\351'
yes 'a line of a flood of output' | head -c 100000000
printf '\033]0;title\007\nthe end of it\n'
exit 3`)
	a := wiabctl(t, "up", "--again", "helm")
	saysEach(t, a.stderr, "job-failed", "the end of it", "exit-code exited 3")
	if a.code != 64 || strings.ContainsAny(a.stdout+a.stderr, "\x1b\x07") || !utf8.ValidString(a.stdout+a.stderr) || len(a.stdout)+len(a.stderr) > 1<<20 {
		t.Errorf("exit code %d after %s, %d bytes of output, want 64 and little that is text", a.code, a.took, len(a.stdout)+len(a.stderr))
	}

	// Its disk is full: it says so, at once or when the job has ended.
	jobs := onHost(t, "readlink -f "+deployDir+"/wiab/jobs | tr -d '\\n'")
	onHost(t, "set -e; mkdir /root/jobs; cp -a "+jobs+"/. /root/jobs; mount -t tmpfs -o size=256k none "+jobs+"; cp -a /root/jobs/helm/receipt.json "+jobs+"; chown wire: "+jobs+"; head -c 1M /dev/zero >"+jobs+"/full || true")
	refuses(t, 103, []string{"admin-disk-full", "wiab/jobs", "0 bytes are free"}, "up")
	onHost(t, "umount "+jobs+"; rm -r /root/jobs")

	// sshd that accepts and never answers.
	onHost(t, "systemctl stop ssh.socket ssh; mkdir -p /run/sshd; systemd-run --quiet --unit=silent --property=StandardInput=null nc -d -lk 22; "+listens("t", 22))
	began := time.Now()
	refuses(t, 60, []string{"ssh-unreachable", "admin host accepts connections at 127.0.0.1:22 and does not let wire in within 20s"}, "plan")
	if took := time.Since(began); took > 45*time.Second {
		t.Errorf("a server that never answers kept plan for %s", took)
	}
	onHost(t, "systemctl stop silent; systemctl start ssh; cp -a /root/script "+deployDir+"/"+helmScript)
	mustWiabctl(t, "up")
	unchanged(t)
	answers(t, green)
}

// start runs wiabctl beside the test.
func start(t testing.TB, args ...string) <-chan answer {
	t.Helper()
	ended := make(chan answer, 1)
	go func() {
		a, err := try(t.Context(), "wiabctl", args...)
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		ended <- a
	}()
	return ended
}

// running is start, and waits until the unit works.
func running(t testing.TB, unit string, args ...string) <-chan answer {
	t.Helper()
	ended := start(t, args...)
	eventually(t, time.Minute, func(ctx context.Context) error { return active(ctx, unit) })
	return ended
}

// active returns nil if the unit works on the host.
func active(ctx context.Context, unit string) error {
	a, err := try(ctx, "systemctl", "is-active", unit)
	if err == nil && a.code != 0 {
		err = fmt.Errorf("%s is %s", unit, a.stdout)
	}
	return err
}
