package network

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"

	"wiabctl/provision/change"
)

// A kubenode is probed twice a second and has less than a second to answer, so
// that one that died is out after two at the most.
const (
	rhythm = 500 * time.Millisecond
	answer = 700 * time.Millisecond
)

// Watch probes the kubenodes' ingress and keeps those that do not answer out of
// the spread, until ctx ends. It tells what changes. The ingress's NodePort tells
// the truth: nothing answers there without a pod on that node (externalTrafficPolicy
// Local). Without our table Watch waits for it.
func Watch(ctx context.Context, targets []Target, say change.Progress) error {
	var w watcher
	for _, target := range targets {
		w.all = append(w.all, health{Target: target})
	}
	w.say = say
	if err := w.resume(); err != nil {
		return err
	}
	findings := make(chan finding)
	var probes sync.WaitGroup
	defer probes.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for i, target := range targets {
		probes.Go(func() { probe(ctx, i, target, findings) })
	}
	look := time.NewTicker(rhythm)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case found := <-findings:
			w.note(found)
		case <-look.C: // others may have loaded the table anew
			w.settle("the table was loaded anew")
		}
	}
}

// finding is what a probe of a kubenode found.
type finding struct {
	index int
	err   error
}

// probe connects to the target over and over.
func probe(ctx context.Context, index int, target Target, findings chan<- finding) {
	tick := time.NewTicker(rhythm)
	defer tick.Stop()
	for {
		found := finding{index, knock(ctx, target)}
		select {
		case <-ctx.Done():
			return
		case findings <- found:
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func knock(ctx context.Context, target Target) error {
	dialer := net.Dialer{Timeout: answer}
	conn, err := dialer.DialContext(ctx, "tcp4", target.Ingress.String())
	if err != nil {
		return err
	}
	return conn.Close()
}

// watcher holds the spread to the kubenodes that answer.
type watcher struct {
	all  fleet
	say  change.Progress
	last string // what was said last: what does not change is said once
}

// resume takes over what is in force: a watcher that starts anew does not send
// traffic where the one before took it away.
func (w *watcher) resume() error {
	conn, err := nftables.New()
	if err != nil {
		return err
	}
	found, err := spreadOf(conn)
	if err != nil {
		return err
	}
	if chosen := found.chosen(w.all.names()); len(chosen) > 0 {
		for i := range w.all {
			w.all[i].out = !slices.Contains(chosen, w.all[i].Name)
		}
	}
	return nil
}

// note takes in a finding.
func (w *watcher) note(found finding) {
	node := &w.all[found.index]
	if !node.note(found.err != nil) {
		return
	}
	if !node.out {
		w.settle(node.Name + " answers")
		return
	}
	w.settle(fmt.Sprintf("%s does not answer (%v)", node.Name, found.err))
	if err := forgetHalfOpen(node.Ingress.Addr()); err != nil {
		w.tell(err.Error())
	}
}

// settle puts the spread over the fit kubenodes in force, if it is not, and tells why.
func (w *watcher) settle(why string) {
	fit := w.all.fit()
	changed, err := put(fit)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		w.tell("the table ip " + tableName + " is not there")
	case err != nil:
		w.tell(err.Error())
	case changed:
		w.tell(why + ": traffic goes to " + strings.Join(fit, ", "))
	}
}

func (w *watcher) tell(line string) {
	if line != w.last {
		w.last = line
		w.say.Sayf("%s", line)
	}
}

// put replaces the spread in a single transaction, unless it is as it should be;
// the rest of the table, and all counters, stay.
func put(names []string) (changed bool, err error) {
	conn, err := nftables.New()
	if err != nil {
		return false, err
	}
	found, err := spreadOf(conn)
	rules := cascade(names)
	if err != nil || slices.EqualFunc(found.rules, rules, same) {
		return false, err
	}
	conn.FlushChain(found.Chain)
	for _, r := range rules {
		conn.AddRule(r.handle(found.Chain, expr.Counter{}))
	}
	if err := conn.Flush(); err != nil {
		return false, fmt.Errorf("replacing chain %s of table ip %s: %w", spreadChain, tableName, err)
	}
	return true, nil
}

// spreadOf is the spread in force; without our table it has no rules.
func spreadOf(conn *nftables.Conn) (liveChain, error) {
	is := chain{name: spreadChain}.handle(waysTable().handle())
	rules, err := conn.GetRules(is.Table, is)
	if err != nil {
		return liveChain{}, fmt.Errorf("listing chain %s of table ip %s: %w", spreadChain, tableName, err)
	}
	return liveChain{is, rules}, nil
}
