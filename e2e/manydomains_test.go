package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// manyDomains is how many extra domains an installation has here, manyLimit how long a plan of it
// may take when nothing has changed, and verifyLimit how long all of them may take to be verified.
const (
	manyDomains = 100
	manyLimit   = 3 * time.Second
	verifyLimit = 10 * time.Second
)

// BenchmarkPlanOfManyDomains measures a plan that finds a hundred domains as configured, and how long
// it takes to verify them. The plan starts no container, and so no helm.
func BenchmarkPlanOfManyDomains(b *testing.B) {
	installed(b)
	_, list := shops(b, 1, manyDomains)
	writeHost(b, configFile, freshConfig+"domains:\n"+list)
	began := time.Now()
	mustWiabctl(b, "up")
	b.Logf("a hundred domains were added in %s", time.Since(began).Round(time.Second))
	for b.Loop() {
		since := strings.TrimSpace(onHost(b, "date +%s.%N"))
		var all []time.Duration
		for range 5 {
			a := mustWiabctl(b, "plan")
			if a.stdout != "0 changes to make\n" {
				b.Fatalf("plan: %s", a.stdout)
			}
			all = append(all, a.took)
		}
		if started := onHost(b, "docker events --since "+since+" --until $(date +%s.%N) --filter event=start --format '{{.Actor.Attributes.name}}'"); started != "" {
			b.Errorf("plan started containers:\n%s", started)
		}
		slices.Sort(all)
		median := all[len(all)/2]
		b.ReportMetric(median.Seconds(), "s-plan")
		if median > manyLimit {
			b.Errorf("a plan of %d domains took %s at the median, the limit is %s: %v", manyDomains, median, manyLimit, all)
		}
		took := mustWiabctl(b, "domain", "verify", "--address", "203.0.113.10").took
		b.ReportMetric(took.Seconds(), "s-verify")
		if took > verifyLimit {
			b.Errorf("verifying %d domains took %s, the limit is %s", manyDomains, took, verifyLimit)
		}
	}
	for _, e := range events(b, mustWiabctl(b, "status", "--output", "json").stdout) {
		if e.Took > 100*time.Millisecond {
			b.Logf("%s: %s", e.Stage, e.Took)
		}
	}
}
