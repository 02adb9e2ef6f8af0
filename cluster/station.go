package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"

	"wiabctl/provision/change"
)

// Station is a VM that probes ask: its ports over the network, its programs all over one SSH connection.
type Station struct {
	Name    string
	Address string // its own, without a port
	Target  func() (Target, error)

	once   sync.Once
	client *Client
	err    error
}

// connect gives the connection, which the first who asks for it makes.
func (s *Station) connect(ctx context.Context) (*Client, error) {
	s.once.Do(func() {
		target, err := s.Target()
		if err != nil {
			s.err = err
			return
		}
		// All of them are on this host: one that does not answer soon is gone, and others wait for it.
		conn, err := target.connect(ctx, connecting)
		if err != nil {
			s.err = err
			return
		}
		s.client, s.err = target.login(ctx, conn, keepalive)
	})
	return s.client, s.err
}

// run executes a program there.
func (s *Station) run(ctx context.Context, argv ...string) ([]byte, error) {
	client, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	return client.Run(ctx, argv...)
}

// answerLimit bounds what is read of an HTTP answer, in bytes.
const answerLimit = 1 << 20

// get asks a port of the VM over HTTP.
func (s *Station) get(ctx context.Context, port, path string) (status int, body []byte, err error) {
	url := "http://" + net.JoinHostPort(s.Address, port) + path
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	end := change.Trace(ctx, "request", "from", s.Name, "url", url)
	defer func() { end(err) }()
	resp, err := (&http.Transport{DialContext: s.dial, DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return 0, nil, fmt.Errorf("%s on %s: %w", url, s.Name, err)
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, answerLimit))
	return resp.StatusCode, body, err
}

// dial opens a connection to a port of the VM, a neighbour of this host. Where a firewall of the
// VM's own lets nobody else in, the VM itself connects.
func (s *Station) dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: connecting}
	conn, err := dialer.DialContext(ctx, network, address)
	if err == nil {
		return conn, nil
	}
	client, unreached := s.connect(ctx)
	if unreached == nil {
		conn, unreached = client.ssh.DialContext(ctx, network, address)
	}
	if unreached != nil {
		return nil, fmt.Errorf("%w; from the VM itself: %w", err, unreached)
	}
	return conn, nil
}

// Close ends the connection, if there is one.
func (s *Station) Close() error {
	if s.client == nil {
		return nil
	}
	return s.client.Close()
}

// Stations are VMs that know the same.
type Stations []*Station

// after are the same, beginning n further on: what one of them can tell for all is asked of different ones.
func (all Stations) after(n int) Stations {
	n = min(n, len(all))
	return slices.Concat(all[n:], all[:n])
}

// first asks them in their order until one answers.
func (all Stations) first(ask func(*Station) (Verdict, error)) (Verdict, error) {
	var errs []error
	for _, s := range all {
		verdict, err := ask(s)
		if err == nil {
			return verdict, nil
		}
		errs = append(errs, err)
	}
	return Verdict{}, errors.Join(errs...)
}

// each asks all of them side by side; the errors are those of the stations, in their order.
func (all Stations) each(ask func(i int, s *Station) error) []error {
	errs := make([]error, len(all))
	var wait sync.WaitGroup
	for i, s := range all {
		wait.Go(func() { errs[i] = ask(i, s) })
	}
	wait.Wait()
	return errs
}

// absent is the error of parts that are not there on any station.
func absent(errs []error) error {
	for _, err := range errs {
		if !errors.Is(err, change.ErrNotInstalled) {
			return nil
		}
	}
	return errors.Join(errs...)
}
