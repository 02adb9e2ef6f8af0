package network

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// cast are three kubenodes, namespaces on a bridge, that the host reaches through
// its public address.
type cast struct {
	targets []Target
	rules   ruleset
}

func newCast(t *testing.T) cast {
	t.Helper()
	needRoot(t)
	clear(t)
	run(t, "ip", "link", "add", "healthbr0", "type", "bridge")
	t.Cleanup(func() { run(t, "ip", "link", "delete", "healthbr0") })
	run(t, "ip", "address", "add", "10.123.0.1/24", "dev", "healthbr0")
	run(t, "ip", "link", "set", "healthbr0", "up")
	w := ways{Uplink: Uplink{WAN: Links{"wan0"}, Public: netip.MustParseAddr("203.0.113.10")}, bridge: "healthbr0", subnet: netip.MustParsePrefix("10.123.0.0/24"), media: PortRange{32768, 65535}}
	var c cast
	for i := 1; i <= 3; i++ {
		link := fmt.Sprintf("node%d", i)
		run(t, "ip", "link", "add", link, "type", "veth", "peer", "name", link+"p")
		run(t, "ip", "link", "set", link, "master", "healthbr0", "up")
		node := Kubenode{fmt.Sprintf("kubenode%d", i), netip.MustParseAddr(fmt.Sprintf("10.123.0.2%d", i))}
		newPlace(t, link+"p", node.Address.String()+"/24", "10.123.0.1").serve(t, node.Name, nodeHTTPS)
		t.Cleanup(func() { run(t, "ip", "link", "delete", link) }) // before its namespace takes it along
		c.targets = append(c.targets, Target{node.Name, netip.AddrPortFrom(node.Address, nodeHTTPS)})
		w.kubenodes = append(w.kubenodes, node)
	}
	c.rules = w.ruleset()
	settle(t, "the kubenodes to answer", func() error {
		var errs []error
		for _, target := range c.targets {
			_, err := ask(target.Ingress.String())
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
	load(t, c.rules)
	return c
}

// power cuts kubenodes off the bridge (down) or puts them back (up).
func (c cast) power(t *testing.T, state string, nodes ...int) {
	t.Helper()
	for _, n := range nodes {
		run(t, "ip", "link", "set", fmt.Sprintf("node%d", n), state)
	}
}

// journal is what a watcher said.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) note(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.lines, "\n")
}

// watched starts a watcher; stop ends it.
func (c cast) watched(t *testing.T) (said *journal, stop func()) {
	t.Helper()
	said = &journal{}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Watch(ctx, c.targets, said.note) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the watcher ended with %v", err)
		}
	})
	t.Cleanup(stop)
	return said, stop
}

// inForce are the kubenodes that the kernel spreads the traffic over.
func (c cast) inForce(t *testing.T) string {
	t.Helper()
	found, err := spreadOf(dial(t))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(found.chosen([]string{"kubenode1", "kubenode2", "kubenode3"}), " ")
}

// becomes waits for the spread and says how long that took.
func (c cast) becomes(t *testing.T, want string) time.Duration {
	t.Helper()
	began := time.Now()
	settle(t, "the spread to become "+want, func() error {
		if got := c.inForce(t); got != want {
			return fmt.Errorf("it is %q", got)
		}
		return nil
	})
	if why := differs(t, c.rules); why != "" {
		t.Errorf("with the spread over %s the table counts as different: %s", want, why)
	}
	return time.Since(began)
}

const three = "kubenode1 kubenode2 kubenode3"

// Kubenodes die and return, others load and flush the table: the spread is always
// over those that answer, and over all if none does.
func TestWatchKeepsTheDeadOut(t *testing.T) {
	c := newCast(t)
	said, stop := c.watched(t)
	c.power(t, "down", 2)
	if took := c.becomes(t, "kubenode1 kubenode3"); took > 3*time.Second {
		t.Errorf("the dead kubenode was out after %s, want less than 3s", took)
	}
	for range 12 {
		if answer, err := ask("203.0.113.10:443"); err != nil || strings.HasPrefix(answer, "kubenode2") {
			t.Fatalf("%q (%v), want the answer of kubenode1 or kubenode3", answer, err)
		}
	}
	c.power(t, "up", 2)
	c.becomes(t, three)
	if got := strings.Split(said.String(), "\n"); len(got) != 2 || !strings.HasPrefix(got[0], "kubenode2 does not answer (") ||
		!strings.HasSuffix(got[0], ": traffic goes to kubenode1, kubenode3") || got[1] != "kubenode2 answers: traffic goes to kubenode1, kubenode2, kubenode3" {
		t.Errorf("the watcher said\n%s", said)
	}

	c.power(t, "down", 1, 3)
	c.becomes(t, "kubenode2")
	load(t, c.rules)
	if got := c.inForce(t); got != "kubenode2" {
		t.Errorf("loading the rules made the spread %q", got)
	}
	run(t, "nft", "flush", "ruleset")
	settle(t, "the watcher to miss the table", func() error {
		if !strings.HasSuffix(said.String(), "\nthe table ip wiabctl is not there") {
			return fmt.Errorf("it said\n%s", said)
		}
		return nil
	})
	load(t, c.rules)
	c.becomes(t, "kubenode2")

	stop()
	said, stop = c.watched(t)
	c.power(t, "down", 2)
	c.becomes(t, three)
	if !strings.HasPrefix(said.String(), "kubenode2 does not answer (") {
		t.Errorf("a watcher that starts anew did not take over the spread, it said\n%s", said)
	}
	c.power(t, "up", 3)
	c.becomes(t, "kubenode3")
	stop()
	c.power(t, "up", 1, 2)
}

// What counts elsewhere in the table counts on when the spread changes.
func TestWatchKeepsCounters(t *testing.T) {
	newCast(t)
	for range 6 {
		if _, err := ask("203.0.113.10:443"); err != nil {
			t.Fatal(err)
		}
	}
	counters := func() string {
		var all []string
		for line := range strings.Lines(run(t, "nft", "list", "table", "ip", tableName)) {
			if strings.Contains(line, "counter") {
				all = append(all, strings.TrimSpace(line))
			}
		}
		return strings.Join(all, "\n")
	}
	before := counters()
	if !strings.Contains(before, "counter packets 6 ") {
		t.Fatalf("nothing was counted:\n%s", before)
	}
	changed, err := put([]string{"kubenode1"})
	if err != nil || !changed {
		t.Fatalf("changed %v (%v), want a change", changed, err)
	}
	if after := counters(); after != before {
		t.Errorf("counters before\n%s\nafter\n%s", before, after)
	}
	if changed, err := put([]string{"kubenode1"}); err != nil || changed {
		t.Errorf("the same spread was written again: %v (%v)", changed, err)
	}
}

// Clients whose first packet went to a kubenode that just died get through when
// they send it again.
func TestWatchSendsRetriesElsewhere(t *testing.T) {
	c := newCast(t)
	c.watched(t)
	c.power(t, "down", 2)
	const clients = 30
	errs := make([]error, clients)
	var asking sync.WaitGroup
	for i := range clients {
		asking.Go(func() { _, errs[i] = askWithin("203.0.113.10:443", 6*time.Second) })
	}
	asking.Wait()
	if lost := slices.DeleteFunc(errs, func(err error) bool { return err == nil }); len(lost) > 0 {
		t.Errorf("%d of %d clients that began before the dead kubenode was out got no answer: %v", len(lost), clients, lost[0])
	}
}
