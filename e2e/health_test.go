package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestKubenodeDies cuts a kubenode's power while clients come from the internet: what
// is lost began within three seconds, and nothing is lost when it returns. A watcher
// that was stopped is missed and started again.
func TestKubenodeDies(t *testing.T) {
	standing(t)
	defer mustWiabctl(t, "up") // whatever went wrong
	spreadBecomes(t, "kubenode1 kubenode2 kubenode3")
	stop := crowd(t)
	alive := time.Now()
	eventually(t, 10*time.Second, func(context.Context) error { return until(alive.Add(time.Second)) })
	before := time.Now()
	onHost(t, "virsh destroy kubenode2")
	dead := time.Now()
	spreadBecomes(t, "kubenode1 kubenode3")
	t.Logf("the spread went without the dead kubenode after %s", time.Since(dead).Round(time.Millisecond))
	eventually(t, 20*time.Second, func(context.Context) error { return until(dead.Add(8 * time.Second)) })

	if plan := planned(t).stdout; !strings.Contains(plan, "domain kubenode2") || strings.Contains(plan, "nftables") {
		t.Error("plan has to name the dead kubenode alone, not the rules that do without it")
	}
	mustWiabctl(t, "up")
	spreadBecomes(t, "kubenode1 kubenode2 kubenode3")
	whole := time.Now()
	eventually(t, 20*time.Second, func(context.Context) error { return until(whole.Add(2 * time.Second)) })
	all, lost := stop()
	for _, k := range lost {
		if since := k.began.Sub(dead); k.began.Before(before.Add(-crowdPatience)) || since > 3*time.Second {
			t.Errorf("a connection begun %s after the kubenode's death failed: %v", since.Round(time.Millisecond), k.err)
		}
	}
	t.Logf("%d of %d connections were lost", len(lost), all)
	if all < 300 {
		t.Errorf("only %d connections were made", all)
	}

	onHost(t, "systemctl stop wiabctl-health")
	if plan := planned(t).stdout; !strings.Contains(plan, "start unit wiabctl-health.service: it is inactive") {
		t.Error("plan does not miss the watcher")
	}
	mustWiabctl(t, "up")
	if plan := planned(t).stdout; plan != "0 changes to make\n" {
		t.Errorf("plan after the watcher was started again: %s", plan)
	}
}

// spreadBecomes waits until the rules spread the traffic over these kubenodes.
func spreadBecomes(t testing.TB, want string) {
	t.Helper()
	eventually(t, time.Minute, func(ctx context.Context) error {
		got, err := shell(ctx, `nft list chain ip wiabctl spread | grep -o 'goto [a-z0-9]*' | cut -d' ' -f2 | xargs`)
		if err == nil && strings.TrimSpace(got) != want {
			err = fmt.Errorf("traffic goes to %q, not %q", strings.TrimSpace(got), want)
		}
		return err
	})
}

// until is an error before that time.
func until(when time.Time) error {
	if left := time.Until(when); left > 0 {
		return fmt.Errorf("%s are left", left)
	}
	return nil
}

// crowdPatience is how long a client of the crowd waits.
const crowdPatience = 2 * time.Second

// attempt is a connection that failed.
type attempt struct {
	began time.Time
	err   error
}

// crowd are clients that ask over HTTP, which costs the emulated kubenodes little,
// twenty a second and each over a connection of its own, until stop is called, which
// returns how many there were and those that failed.
func crowd(t testing.TB) (stop func() (all int, lost []attempt)) {
	t.Helper()
	client := internetClient(t)
	client.Timeout = crowdPatience
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	var all int
	var lost []attempt
	var clients sync.WaitGroup
	once := func() {
		began := time.Now()
		status, _, err := fetch(context.WithoutCancel(ctx), client, "http://nginz-https."+green+"/deeplink.json")
		if err == nil && status != http.StatusPermanentRedirect {
			err = errors.New(http.StatusText(status))
		}
		mu.Lock()
		defer mu.Unlock()
		if all++; err != nil {
			lost = append(lost, attempt{began, err})
		}
	}
	clients.Go(func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			clients.Go(once)
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	})
	return func() (int, []attempt) {
		cancel()
		clients.Wait()
		return all, lost
	}
}
