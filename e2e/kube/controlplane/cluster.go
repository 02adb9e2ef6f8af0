package controlplane

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"

	"k8s.io/client-go/tools/clientcmd"

	"wiabctl/e2e/kube/issuer"
	"wiabctl/e2e/kube/pki"
)

// serviceAccount is made by the controllers once they work, and every pod needs it.
const serviceAccount = "/api/v1/namespaces/default/serviceaccounts/default"

// cluster is a control plane that runs.
type cluster struct {
	identity   Identity
	kubeconfig []byte // for others than this host
	probe      *probe
	children   []*child

	cancel  context.CancelFunc
	running sync.WaitGroup
}

// start brings up the control plane in l without waiting for it. It runs until
// ctx ends or it is stopped.
func start(ctx context.Context, l layout, identity Identity, ca *pki.Authority) (*cluster, error) {
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
	config, err := clientcmd.RESTConfigFromKubeConfig(local)
	if err != nil {
		return nil, err
	}
	certificates, err := issuer.New(config, ca)
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
	c := &cluster{identity: identity, kubeconfig: remote, probe: probe}
	running, cancel := context.WithCancel(ctx)
	c.cancel = cancel
	c.run(running, l, certificates)
	return c, nil
}

func (c *cluster) run(ctx context.Context, l layout, certificates *issuer.Issuer) {
	answering, answers := context.WithCancel(ctx)
	c.running.Go(func() {
		defer answers()
		if err := c.probe.answers(ctx, "/readyz"); err != nil {
			slog.Info("the API server was stopped before it answered", "error", err)
		}
	})
	for _, p := range programs(l, c.identity.Server) {
		child := &child{program: p, log: l.log(p.name)}
		if p.name == "kwok" {
			child.prepare = c.probe.dropLeases
		}
		c.children = append(c.children, child)
		c.running.Go(func() {
			if child.late {
				<-answering.Done()
			}
			child.keep(ctx)
		})
	}
	c.running.Go(func() {
		<-answering.Done()
		if err := certificates.Run(ctx); err != nil && ctx.Err() == nil {
			slog.Error("certificates are no longer issued", "error", err)
		}
	})
}

// stop ends all programs and waits for that.
func (c *cluster) stop() {
	c.cancel()
	c.running.Wait()
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
	return errors.Join(err, c.ended())
}

// ended tells which programs died, if any.
func (c *cluster) ended() error {
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
