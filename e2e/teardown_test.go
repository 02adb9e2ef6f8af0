package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What follows takes the installation away. It stands in a file that comes last, so
// that all other scenarios find one.

// TestDown removes everything that wiabctl made and nothing else: the host is then
// what it was before, with the foreign things that stand on it from the start.
func TestDown(t *testing.T) {
	standing(t)
	if a := wiabctl(t, "down", "--yes=false"); a.code != 16 || !strings.Contains(a.stdout, "delete domain kubenode1") {
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

// TestKilled kills wiabctl at ten random moments of a fresh up; each next up goes
// on, and the outcome equals that of an uninterrupted run.
func TestKilled(t *testing.T) {
	long(t)
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
	// Ten moments of a run that nobody disturbs: none of them comes after its end.
	var moments []time.Duration
	for range 10 {
		moments = append(moments, time.Duration(random.Int64N(int64(uninterrupted.took*4/5))))
	}
	slices.Sort(moments)
	var last time.Duration
	for _, moment := range moments {
		killUp(t, moment-last)
		last = moment
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
