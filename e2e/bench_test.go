package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
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

// BenchmarkUp measures how much of a fresh up is wiabctl's own: neither the VMs'
// boot, from the first start to the last one's own word on its console, nor the
// run of one of the two scripts, from its unit's start to its end.
func BenchmarkUp(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		empty(b)
		ready := watchConsoles(b)
		b.StartTimer()
		began := time.Now()
		events := events(b, mustWiabctl(b, "up", "--output", "json").stdout)
		whole := time.Since(began)

		boot := ready().Sub(first(b, events, "vms", "begun", "domain "))
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

type event struct {
	Time    time.Time
	Stage   string
	Event   string
	Subject string
}

func events(b *testing.B, output string) []event {
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

// watchConsoles notes when each VM says on its console that its cloud-init has
// finished. The function it returns gives the time of the last.
func watchConsoles(b *testing.B) (last func() time.Time) {
	b.Helper()
	const machines = 7
	stop := make(chan struct{})
	done := make(chan time.Time, 1)
	go func() {
		finished := map[string]time.Time{}
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for len(finished) < machines {
			select {
			case <-stop:
				done <- time.Time{}
				return
			case <-tick.C:
			}
			logs, _ := filepath.Glob(theLab.Path("/var/lib/wiabctl/console/*.log"))
			for _, log := range logs {
				content, err := os.ReadFile(log)
				if _, known := finished[log]; err == nil && !known && strings.Contains(string(content), " finished at ") {
					finished[log] = time.Now()
				}
			}
		}
		var latest time.Time
		for _, at := range finished {
			if at.After(latest) {
				latest = at
			}
		}
		done <- latest
	}()
	return func() time.Time {
		close(stop)
		at := <-done
		if at.IsZero() {
			b.Fatal(fmt.Errorf("not all %d consoles say that cloud-init has finished", machines))
		}
		return at
	}
}
