package ingress

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// domains are so many extra domains.
func domains(n int) []Domain {
	s := Spec{Domain: "green.example.org"}
	for i := range n {
		s.Domains = append(s.Domains, Domain{Domain: fmt.Sprintf("d%04d.example.com", i)})
	}
	s.Defaults()
	return s.Domains
}

// scene is a set of n extra domains, and what helm renders for it: what it rendered for the
// one of red, for each.
func scene(t testing.TB, n int) (Set, Artifact, map[string]Rendered) {
	t.Helper()
	set := Set{Default: "green.example.org", Email: "ops@example.org", SFT: "sftd.green.example.org", Extra: domains(n)}
	var releases strings.Builder
	for document := range strings.SplitSeq(string(readRendered(t, DomainReleases).Manifest), "\n---\n") {
		if !strings.Contains(document, "nginx-ingress-services-red/") {
			continue
		}
		for _, d := range set.Extra {
			releases.WriteString("\n---\n" + strings.NewReplacer("red.example.com", d.Domain, "red-example-com", d.Name+"-example-com", "-red", "-"+d.Name).Replace(document))
		}
	}
	backend := repeat(t, string(readRendered(t, "wire-server").Manifest), set)
	return set, renderedArtifact(t), map[string]Rendered{
		DomainReleases: {Manifest: []byte(releases.String())},
		"wire-server":  {Manifest: []byte(backend)},
		"webapp":       {Manifest: []byte(strings.ReplaceAll(string(readRendered(t, "webapp").Manifest), "sft.example.org", set.SFT))},
	}
}

// repeat writes the lines and blocks of red once for each domain.
func repeat(t testing.TB, manifest string, set Set) string {
	t.Helper()
	var out strings.Builder
	lines := slices.Collect(strings.Lines(manifest))
	for i := 0; i < len(lines); i++ {
		if !strings.Contains(lines[i], "red.example.com") {
			out.WriteString(lines[i])
			continue
		}
		indent := len(lines[i]) - len(strings.TrimLeft(lines[i], " "))
		end := i + 1
		for end < len(lines) && len(lines[end])-len(strings.TrimLeft(lines[end], " ")) > indent {
			end++
		}
		block := strings.Join(lines[i:end], "")
		for _, d := range set.Extra {
			out.WriteString(strings.NewReplacer("red.example.com", d.Domain, `"title":"Red"`, `"title":"`+d.Title+`"`, `"company":"Red"`, `"company":"`+d.Title+`"`).Replace(block))
		}
		i = end - 1
	}
	return out.String()
}

// compute makes the layers and checks what was rendered of them, as a plan and a run do.
func compute(t testing.TB, set Set, a Artifact, rendered map[string]Rendered) {
	layers, err := Overlays(set, a)
	if err != nil {
		t.Fatal(err)
	}
	for _, layer := range layers {
		if _, err := Holds(layer, layer); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range set.Extra {
		ReleaseValues(d, set.Email)
	}
	for release, r := range rendered {
		if err := Check(set, a, nil, release, r); err != nil {
			t.Fatal(err)
		}
	}
}

// cheapest is the processor time of the cheapest of some runs: others on the machine have no
// part in it.
func cheapest(t testing.TB, runs int, do func()) time.Duration {
	t.Helper()
	used := func() time.Duration {
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			t.Fatal(err)
		}
		return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	best := time.Duration(1 << 62)
	for range runs {
		before := used()
		do()
		best = min(best, used()-before)
	}
	return best
}

// hundredLimit bounds computing and checking the layers of a hundred domains, helm apart, in
// processor time.
var hundredLimit = 200 * time.Millisecond

// growthLimit bounds how much longer ten times as many domains may take.
const growthLimit = 20

// TestLayersGrowLinearly computes and checks the layers of 100 and of 1000 domains.
func TestLayersGrowLinearly(t *testing.T) {
	took := map[int]time.Duration{}
	for n, runs := range map[int]int{100: 5, 1000: 2} {
		set, a, rendered := scene(t, n)
		took[n] = cheapest(t, runs, func() { compute(t, set, a, rendered) })
	}
	t.Logf("100 domains took %s, 1000 took %s", took[100], took[1000])
	if took[100] > hundredLimit {
		t.Errorf("a hundred domains took %s, the limit is %s", took[100], hundredLimit)
	}
	if ratio := float64(took[1000]) / float64(took[100]); ratio > growthLimit {
		t.Errorf("ten times as many domains took %.1f times as long, the limit is %d", ratio, growthLimit)
	}
}

func BenchmarkLayers(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			set, a, rendered := scene(b, n)
			for b.Loop() {
				compute(b, set, a, rendered)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/domain")
		})
	}
}
