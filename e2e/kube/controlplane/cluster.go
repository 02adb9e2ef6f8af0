package controlplane

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"

	"wiabctl/e2e/kube/registry"
)

// serviceAccount is made by the controllers once they work, and every pod needs it.
const serviceAccount = "/api/v1/namespaces/default/serviceaccounts/default"

// cluster is a control plane that runs.
type cluster struct {
	identity   Identity
	kubeconfig []byte // for others than this host
	probe      *probe
	children   []*child
	follower   *registry.Follower

	cancel context.CancelFunc
	ended  chan struct{}
}

// start brings up the control plane in l without waiting for it. It runs until
// ctx ends or it is stopped.
func start(ctx context.Context, l layout, identity Identity) (*cluster, error) {
	creds, err := prepareCredentials(l, identity.Server)
	if err != nil {
		return nil, err
	}
	local, err := creds.kubeconfig("127.0.0.1")
	if err != nil {
		return nil, err
	}
	remote, err := creds.kubeconfig(identity.Server)
	if err != nil {
		return nil, err
	}
	probe, err := newProbe(creds, identity.Server)
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		os.WriteFile(l.kubeconfig(), local, 0o600),
		os.WriteFile(l.egress(), []byte(egressSelection(l)), 0o600),
		os.WriteFile(l.stages(), []byte(stages()), 0o600),
		os.MkdirAll(l.logs(), 0o750),
	)
	if err != nil {
		return nil, err
	}
	follower, err := registry.NewFollower(l.disk(), etcdClient, identity.Keeper, identity.ID)
	if err != nil {
		return nil, err
	}
	c := &cluster{identity: identity, kubeconfig: remote, probe: probe, follower: follower, ended: make(chan struct{})}
	c.children = c.programs(l)
	ctx, c.cancel = context.WithCancel(ctx)
	go c.run(ctx)
	return c, nil
}

// programs are the children, with what has to come before each start.
func (c *cluster) programs(l layout) []*child {
	var all []*child
	for _, p := range programs(l, c.identity) {
		child := &child{program: p, log: l.log(p.name)}
		switch p.name {
		case "kube-apiserver":
			child.prepare = c.follower.Restore
		case "kwok":
			child.prepare = c.probe.dropLeases
		}
		all = append(all, child)
	}
	return all
}

// run keeps etcd running until ctx ends, and lets the others live upon it, anew
// each time that the node's disk was set back.
func (c *cluster) run(ctx context.Context) {
	defer close(c.ended)
	var lasting sync.WaitGroup
	for _, child := range c.children {
		if child.lasting {
			lasting.Go(func() { child.keep(ctx) })
		}
	}
	for ctx.Err() == nil {
		c.live(ctx)
	}
	lasting.Wait()
	if err := c.follower.Close(); err != nil {
		slog.Warn("the connection to etcd", "error", err)
	}
}

// live runs all but etcd until ctx ends or the node's disk was set back.
func (c *cluster) live(ctx context.Context) {
	ctx, end := context.WithCancel(ctx)
	answering, answers := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer end()
	running.Go(func() {
		defer answers()
		if err := c.probe.answers(ctx, "/readyz"); err != nil {
			slog.Info("the API server was stopped before it answered", "error", err)
		}
	})
	for _, child := range c.children {
		if child.lasting {
			continue
		}
		running.Go(func() {
			if child.late {
				<-answering.Done()
			}
			child.keep(ctx)
		})
	}
	<-answering.Done()
	slog.Info("the cluster's life ends", "reason", c.follower.Follow(ctx))
}

// stop ends all programs and waits for that.
func (c *cluster) stop() {
	c.cancel()
	<-c.ended
}

// ready waits until the cluster does its work. Nodes are not its business.
func (c *cluster) ready(ctx context.Context) error {
	err := c.probe.answers(ctx, "/readyz")
	if err == nil {
		err = c.probe.answers(ctx, serviceAccount)
	}
	if err == nil {
		return nil
	}
	return errors.Join(err, c.deaths())
}

// deaths tells which programs died, if any.
func (c *cluster) deaths() error {
	var ends []string
	for _, child := range c.children {
		if end := child.ended(); end != "" {
			ends = append(ends, end)
		}
	}
	if ends == nil {
		return nil
	}
	return errors.New(strings.Join(ends, "; "))
}
