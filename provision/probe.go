package provision

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"

	"wiabctl/network"
	"wiabctl/vm"
)

// Probe is an attempt to connect over a way of the network.
type Probe struct {
	From    string        `json:"from"` // "kubenode1", "the host", "ops@example.org"
	To      string        `json:"to"`   // "203.0.113.10:443"
	Times   int           `json:"times"`
	Skipped string        `json:"skipped,omitempty"` // why it was not made
	Problem string        `json:"problem,omitempty"` // empty: it succeeded
	Took    time.Duration `json:"took_ns"`

	reach func(ctx context.Context, address string) error
}

const (
	// probing is the longest that a connection may take until it counts as failed.
	probing = 5 * time.Second
	// hairpins is how often a kubenode connects: each time to one of three, itself too,
	// so all but one run in a hundred comes to itself at least once.
	hairpins = 12
)

// CheckNetwork connects over every way and returns what came of it: from this host
// and from each kubenode to the public address, from this host to each kubenode, and
// from outside if there is an SSH login to a machine there ("ops@example.org"). The
// error is a Failure of kind network.Broken if one did not succeed.
func (i *Installation) CheckNetwork(ctx context.Context, outside string) ([]Probe, error) {
	if outside != "" && !login.MatchString(outside) {
		return nil, BadUsage.Failf("%q is not a login on another machine such as ops@example.org", outside)
	}
	public, err := i.publicAddress()
	if err != nil {
		return nil, err
	}
	probes, err := i.probes(ctx, public, outside)
	if err != nil {
		return nil, err
	}
	var all sync.WaitGroup
	for n := range probes {
		all.Go(func() { probes[n].make(ctx) })
	}
	all.Wait()
	var broken []string
	for _, p := range probes {
		if p.Problem != "" {
			broken = append(broken, fmt.Sprintf("from %s to %s: %s", p.From, p.To, p.Problem))
		}
	}
	if len(broken) > 0 {
		return probes, network.Broken.Failf("%d of %d ways are broken: %s", len(broken), len(probes), strings.Join(broken, "; "))
	}
	return probes, nil
}

// probes are the ways to try.
func (i *Installation) probes(ctx context.Context, public netip.Addr, outside string) ([]Probe, error) {
	hairpin, err := i.fabric().Hairpins(ctx)
	if err != nil {
		return nil, err
	}
	var all []Probe
	for _, port := range []string{"80", "443"} {
		to := net.JoinHostPort(public.String(), port)
		all = append(all, Probe{From: "the host", To: to, Times: 1, reach: reach})
		for _, m := range i.vms() {
			if m.Role == vm.Kubenode {
				all = append(all, i.hairpinProbe(m, to, hairpin))
			}
		}
		if outside != "" {
			all = append(all, i.outsideProbe(outside, to))
		}
	}
	for _, target := range i.fabric().Targets() {
		all = append(all, Probe{From: "the host", To: target.Ingress.String() + " (" + target.Name + ")", Times: 1,
			reach: func(ctx context.Context, _ string) error { return reach(ctx, target.Ingress.String()) }})
	}
	return all, nil
}

// outsideProbe connects from another machine.
func (i *Installation) outsideProbe(outside, to string) Probe {
	p := Probe{From: outside, To: to, Times: 1, reach: func(ctx context.Context, to string) error { return reachFrom(ctx, outside, to) }}
	if strings.HasSuffix(to, ":443") && i.config.Network.HTTPS == network.HTTPSProxies {
		p.Skipped = "HTTPS comes in from the proxies alone (network.https: proxies)"
	}
	return p
}

// hairpinProbe connects from a kubenode to the public address, more than once.
func (i *Installation) hairpinProbe(m vm.Machine, to string, open bool) Probe {
	p := Probe{From: m.Name, To: to, Times: hairpins}
	if !open {
		p.Skipped = "the hairpin is not open (network.hairpin: " + string(i.config.Network.Hairpin) + ")"
		return p
	}
	p.reach = func(ctx context.Context, to string) error {
		client, err := i.dial(ctx, m)
		if err != nil {
			return err
		}
		defer client.Close()
		for n := range hairpins {
			once, cancel := context.WithTimeout(ctx, probing)
			err := client.Reach(once, to)
			cancel()
			if err != nil {
				return fmt.Errorf("connection %d of %d: %w", n+1, hairpins, err)
			}
		}
		return nil
	}
	return p
}

// make connects, and notes how that went.
func (p *Probe) make(ctx context.Context) {
	if p.Skipped != "" {
		return
	}
	began := time.Now()
	if err := p.reach(ctx, p.To); err != nil {
		p.Problem = err.Error()
	}
	p.Took = time.Since(began)
}

// reach connects from this host.
func reach(ctx context.Context, to string) error {
	dialer := net.Dialer{Timeout: probing}
	conn, err := dialer.DialContext(ctx, "tcp", to)
	if err != nil {
		return err
	}
	return conn.Close()
}

// login is a machine's name for ssh, perhaps with a user; never an option.
var login = regexp.MustCompile(`^([a-z_][a-z0-9_-]*@)?[a-zA-Z0-9][a-zA-Z0-9.:-]*$`)

// reachFrom connects from another machine: over the ssh of this host, with the keys,
// known hosts and settings of who calls. The other end needs no program for it.
func reachFrom(ctx context.Context, outside, to string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 3*probing, fmt.Errorf("no answer within %s", 3*probing))
	defer cancel()
	seconds := fmt.Sprintf("ConnectTimeout=%d", int(probing.Seconds()))
	ssh := exec.CommandContext(ctx, "ssh", "-o", "BatchMode=yes", "-o", seconds, "-W", to, "--", outside)
	ssh.WaitDelay = time.Second // a connection that the user's settings keep for others holds its output open
	said, err := ssh.CombinedOutput()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return errors.Join(err, errors.New(strings.TrimSpace(string(said))))
	}
	return nil
}
