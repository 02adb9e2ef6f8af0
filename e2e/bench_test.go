package e2e

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// overheadLimit bounds what up adds on top of waiting for the VMs and of the two
// scripts' own time; againLimit bounds an up that has nothing to do.
const (
	overheadLimit = 5 * time.Second
	againLimit    = 2 * time.Second
)

// vmsRatio and vmsExtra bound the stage vms by the VMs' own boot, and noticeLimit what
// passes at the median from a VM's own word that it is ready until wiabctl knows it.
const (
	vmsRatio    = 1.10
	vmsExtra    = time.Second
	noticeLimit = 300 * time.Millisecond
)

// BenchmarkUp measures how much of a fresh up is wiabctl's own: neither the VMs'
// boot, from the first start to the last one's own word on its console, nor the
// run of one of the two scripts, from its unit's start to its end.
func BenchmarkUp(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		empty(b)
		consoles := watchConsoles(b)
		b.StartTimer()
		began := time.Now()
		events := events(b, mustWiabctl(b, "up", "--output", "json").stdout)
		whole := time.Since(began)

		finished := consoles.finished(b)
		boot := measureVMs(b, events, finished)
		measureNotice(b, events, finished)
		cluster, helm := scriptTime(b, "cluster"), scriptTime(b, "helm")
		overhead := whole - boot - cluster - helm
		b.ReportMetric(overhead.Seconds(), "s-overhead")
		b.ReportMetric(overhead.Seconds()/whole.Seconds(), "overhead/whole")
		b.ReportMetric(boot.Seconds()/whole.Seconds(), "boot/whole")
		b.ReportMetric((cluster+helm).Seconds()/whole.Seconds(), "scripts/whole")
		if overhead > overheadLimit {
			b.Errorf("wiabctl added %s to %s of boot and %s of scripts, more than %s", overhead, boot, cluster+helm, overheadLimit)
		}
	}
}

// measureVMs compares the stage vms, from the first machine's definition on, with the
// VMs' own boot, which it returns.
func measureVMs(b *testing.B, events []event, finished map[string]time.Time) time.Duration {
	b.Helper()
	began := first(b, events, "vms", "begun", "domain ")
	boot := slices.MaxFunc(slices.Collect(maps.Values(finished)), time.Time.Compare).Sub(began)
	took := first(b, events, "vms", "done", "").Sub(began)
	b.ReportMetric(took.Seconds()/boot.Seconds(), "vms/boot")
	if limit := time.Duration(vmsRatio*float64(boot)) + vmsExtra; took > limit {
		b.Errorf("the VMs took %s, by their own word they were up after %s; the limit is %s", took, boot, limit)
	}
	return boot
}

// measureNotice tells how long wiabctl takes to know that a VM is ready.
func measureNotice(b *testing.B, events []event, finished map[string]time.Time) {
	b.Helper()
	var notices []time.Duration
	for name, at := range finished {
		notices = append(notices, first(b, events, "vms", "made", "domain "+name).Sub(at))
	}
	slices.Sort(notices)
	median := notices[len(notices)/2]
	b.ReportMetric(median.Seconds(), "s-notice")
	if median > noticeLimit {
		b.Errorf("that a VM is ready was known after %s at the median, the limit is %s: %v", median, noticeLimit, notices)
	}
	b.Logf("that a VM is ready was known after %v", notices)
}

// BenchmarkUpAgain measures an up that has nothing to do, against listing the VMs
// and rules by hand.
func BenchmarkUpAgain(b *testing.B) {
	installed(b, red, blue)
	byHand := time.Now()
	onHost(b, "virsh list --all >/dev/null; nft list ruleset >/dev/null")
	hand := time.Since(byHand)
	for b.Loop() {
		took := mustWiabctl(b, "up").took
		b.ReportMetric(took.Seconds(), "s")
		b.ReportMetric(took.Seconds()/hand.Seconds(), "up/byhand")
		if took > againLimit {
			b.Errorf("an up with nothing to do took %s, more than %s", took, againLimit)
		}
	}
}

// planLimit bounds how long the VMs and the network are looked at.
const planLimit = 150 * time.Millisecond

// BenchmarkPlan measures how long it takes to find out that seven VMs and the network
// are as configured, beside all other stages, and that the whole run needs a single
// connection to libvirt.
func BenchmarkPlan(b *testing.B) {
	installed(b)
	for b.Loop() {
		var all []time.Duration
		for range 5 {
			took := map[string]time.Duration{}
			for _, e := range events(b, mustWiabctl(b, "status", "--output", "json").stdout) {
				took[e.Stage] = e.Took
			}
			all = append(all, max(took["vms"], took["network"]))
		}
		slices.Sort(all)
		median := all[len(all)/2]
		b.ReportMetric(float64(median.Milliseconds()), "ms")
		if median > planLimit || median == 0 {
			b.Errorf("the VMs and the network were looked at for %s at the median, the limit is %s: %v", median, planLimit, all)
		}
		before := libvirtClient(b)
		mustWiabctl(b, "status")
		if n := libvirtClient(b) - before - 1; n != 1 {
			b.Errorf("status connected %d times to libvirt, want once", n)
		}
	}
}

// libvirtClient connects to libvirt and tells the connection's number, which libvirt
// counts up.
func libvirtClient(b *testing.B) int {
	b.Helper()
	out := onHost(b, `coproc virsh { virsh --quiet event --all --loop 2>&1; }
until id=$(virt-admin srv-clients-list libvirtd | awk '$1 ~ /^[0-9]+$/ {print $1}' | sort -n | tail -1); [ "$id" ]; do sleep 0.05; done
kill $virsh_PID; echo $id`)
	id, err := strconv.Atoi(strings.TrimSpace(out))
	if err != nil {
		b.Fatal(err)
	}
	return id
}

type event struct {
	Time    time.Time
	Stage   string
	Event   string
	Subject string
	Took    time.Duration `json:"took_ns"`
}

func events(b testing.TB, output string) []event {
	b.Helper()
	var all []event
	for line := range strings.Lines(output) {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			b.Fatalf("%q: %v", line, err)
		}
		all = append(all, e)
	}
	return all
}

// first is when something first happened to a subject that begins so.
func first(b *testing.B, events []event, stage, kind, subject string) time.Time {
	b.Helper()
	for _, e := range events {
		if e.Stage == stage && e.Event == kind && strings.HasPrefix(e.Subject, subject) {
			return e.Time
		}
	}
	b.Fatalf("no event %s of %s %s", kind, stage, subject)
	return time.Time{}
}

// scriptTime is how long a job's unit ran, by its own files.
func scriptTime(b *testing.B, job string) time.Duration {
	b.Helper()
	// The link leads to an absolute path of the host's, so it is resolved by name.
	dirs, err := filepath.Glob(theLab.Path("/home/wire/wire-server-deploy-*/wiab/jobs/" + job))
	if err != nil || len(dirs) != 1 {
		b.Fatalf("job %s: %v, %v", job, dirs, err)
	}
	var receipt struct{ Started time.Time }
	content, err := os.ReadFile(filepath.Join(dirs[0], "receipt.json"))
	if err != nil {
		b.Fatal(err)
	}
	if err := json.Unmarshal(content, &receipt); err != nil {
		b.Fatal(err)
	}
	result, err := os.Stat(filepath.Join(dirs[0], "result"))
	if err != nil {
		b.Fatal(err)
	}
	return result.ModTime().Sub(receipt.Started)
}

// consoles notes when each VM says on its console that its cloud-init has finished.
type consoles struct {
	logs string // a pattern
	stop chan struct{}
	done chan map[string]time.Time
}

// watchConsoles begins to look at the consoles' logs.
func watchConsoles(b *testing.B) *consoles {
	b.Helper()
	c := &consoles{logs: theLab.Path("/var/lib/wiabctl/console/*.log"), stop: make(chan struct{}), done: make(chan map[string]time.Time, 1)}
	go func() {
		finished := map[string]time.Time{}
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for len(finished) < machines {
			select {
			case <-c.stop:
				c.done <- finished
				return
			case <-tick.C:
			}
			c.look(finished)
		}
		c.done <- finished
	}()
	return c
}

const machines = 7

// look adds the machines whose console says by now that they have finished.
func (c *consoles) look(finished map[string]time.Time) {
	logs, _ := filepath.Glob(c.logs)
	for _, log := range logs {
		name := strings.TrimSuffix(filepath.Base(log), ".log")
		if _, known := finished[name]; known {
			continue
		}
		if content, err := os.ReadFile(log); err == nil && strings.Contains(string(content), " finished at ") {
			finished[name] = time.Now()
		}
	}
}

// finished ends the watch and gives each machine's time.
func (c *consoles) finished(b *testing.B) map[string]time.Time {
	b.Helper()
	close(c.stop)
	all := <-c.done
	if len(all) != machines {
		b.Fatalf("of %d consoles only %d say that cloud-init has finished", machines, len(all))
	}
	return all
}
