package controlplane

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"time"
)

// probeInterval is the pause between two questions to the API server.
const probeInterval = 200 * time.Millisecond

// probe asks the API server, as the administrator.
type probe struct {
	client *http.Client
}

func newProbe(c credentials, server string) (*probe, error) {
	cert, err := tls.X509KeyPair(c.admin.Cert, c.admin.Key)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(c.authority.Cert)
	return &probe{client: &http.Client{
		Timeout: 10 * time.Second,
		// Over loopback, but under the address that the kubeconfig names.
		Transport: &http.Transport{TLSClientConfig: &tls.Config{
			RootCAs: roots, Certificates: []tls.Certificate{cert}, ServerName: server, MinVersion: tls.VersionTLS12,
		}},
	}}, nil
}

// answers waits until the API server answers a path with 200.
func (p *probe) answers(ctx context.Context, path string) error {
	ticks := time.NewTicker(probeInterval)
	defer ticks.Stop()
	for {
		err := p.ask(ctx, path)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the API server does not answer %s: %w", path, err)
		case <-ticks.C:
		}
	}
}

func (p *probe) ask(ctx context.Context, path string) error {
	return p.do(ctx, http.MethodGet, path)
}

// dropLeases deletes the nodes' leases. A KWOK that was started anew has another
// identity than the one before, and would leave nodes and pods alone until the
// leases of the dead one run out.
func (p *probe) dropLeases(ctx context.Context) error {
	return p.do(ctx, http.MethodDelete, "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases")
}

func (p *probe) do(ctx context.Context, method, path string) error {
	req, err := http.NewRequestWithContext(ctx, method, "https://"+net.JoinHostPort("127.0.0.1", apiPort)+path, nil)
	if err != nil {
		return err
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s", resp.Status)
	}
	return nil
}
