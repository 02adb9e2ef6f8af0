package network

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// applyLimit bounds one application of the rules.
const applyLimit = 30 * time.Millisecond

// BenchmarkApply measures one application of the rules, what is in force read first
// and counters kept, against `nft -f` of the same rules.
func BenchmarkApply(b *testing.B) {
	if err := waysTable().drop(); err != nil {
		b.Fatal(err)
	}
	rules := wanted(true)
	file := filepath.Join(b.TempDir(), "rules.nft")
	if err := os.WriteFile(file, []byte(waysTable().file(rules)), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		var ours, nfts []time.Duration
		for range 21 { // by turns, so that both meet the same weather
			ours = append(ours, took(b, func() error { return waysTable().load(rules) }))
			nfts = append(nfts, took(b, func() error {
				_, err := command(b.Context(), "nft", "-f", file)
				return err
			}))
		}
		our, nft := median(ours), median(nfts)
		b.ReportMetric(float64(our.Microseconds())/1000, "ms")
		b.ReportMetric(our.Seconds()/nft.Seconds(), "ours/nft")
		if our > applyLimit || our > nft {
			b.Errorf("one application took %s, want less than %s and than nft's %s", our, applyLimit, nft)
		}
	}
}

func took(b *testing.B, act func() error) time.Duration {
	b.Helper()
	began := time.Now()
	if err := act(); err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}
