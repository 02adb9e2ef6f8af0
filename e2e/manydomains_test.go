package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// manyDomains is how many extra domains an installation has here. othersLimit is how long a plan of it may
// take when nothing has changed, but for asking the domains themselves: that is bounded by verifyLimit, or by
// verifyRatio times what as many handshakes take by themselves, where the ingress' CPUs are emulated.
const (
	manyDomains = 100
	othersLimit = 3 * time.Second
	verifyLimit = 10 * time.Second
	verifyRatio = 1.5
)

// BenchmarkPlanOfManyDomains measures a plan that finds a hundred domains as configured, and how long
// it takes to verify them. The plan starts no container, and so no helm.
func BenchmarkPlanOfManyDomains(b *testing.B) {
	domains, list := shops(b, 1, manyDomains)
	writeHost(b, configFile, freshConfig+"domains:\n"+list)
	mustWiabctl(b, "up")
	for b.Loop() {
		stop := containers(b)
		var plans, others []time.Duration
		for range 5 {
			plan := planned(b)
			if plan.stdout != "0 changes to make\n" {
				b.Fatalf("plan: %s", plan.stdout)
			}
			plans = append(plans, plan.took)
			others = append(others, slowestBut(b, "verify"))
		}
		if started := stop(); started != "" {
			b.Errorf("plan started containers:\n%s", started)
		}
		b.ReportMetric(median(plans).Seconds(), "s-plan")
		b.ReportMetric(median(others).Seconds(), "s-others")
		if median(others) > othersLimit {
			b.Errorf("but for asking them, a plan of %d domains took %s at the median, the limit is %s: %v", manyDomains, median(others), othersLimit, others)
		}

		bare := handshakes(b, domains)
		verify := mustWiabctl(b, "domain", "verify", "--address", "203.0.113.10").took
		b.ReportMetric(verify.Seconds(), "s-verify")
		b.ReportMetric(verify.Seconds()/bare.Seconds(), "verify/handshakes")
		if limit := max(verifyLimit, time.Duration(verifyRatio*float64(bare))); verify > limit {
			b.Errorf("verifying %d domains took %s, the limit is %s: the handshakes alone take %s", manyDomains, verify, limit, bare)
		}
	}
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// slowestBut is how long the slowest of all other stages planned, all of them beside that one.
func slowestBut(b *testing.B, stage string) time.Duration {
	b.Helper()
	var most time.Duration
	for _, e := range events(b, mustWiabctl(b, "status", "--output", "json").stdout) {
		if e.Event == "planned" && e.Stage != stage {
			most = max(most, e.Took)
		}
	}
	return most
}

// handshakes is how long it takes to connect to each host of the domains once, as many at a time as
// wiabctl does.
func handshakes(b *testing.B, domains []string) time.Duration {
	b.Helper()
	client := internetClient(b)
	var asking errgroup.Group
	asking.SetLimit(16 * 6)
	began := time.Now()
	for _, domain := range domains {
		for _, host := range sixHosts(domain) {
			asking.Go(func() error {
				_, _, err := fetch(b.Context(), client, "https://"+host+"/")
				return err
			})
		}
	}
	if err := asking.Wait(); err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}

// containers watches which containers the host starts, until stop is called, which names them.
func containers(b *testing.B) (stop func() string) {
	b.Helper()
	since := onHost(b, "date +%s.%N")
	return func() string {
		b.Helper()
		return onHost(b, "docker events --since "+strings.TrimSpace(since)+" --until $(date +%s.%N) --filter event=start --format '{{.Actor.Attributes.name}}'")
	}
}
