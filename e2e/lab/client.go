package lab

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"time"

	"github.com/vishvananda/netns"
)

// Client is a client on the lab's internet: it calls from 198.51.100.7, knows
// the lab's names and trusts the lab's authorities alone. Each request opens its
// own connection, so each one proves the whole way, and redirects are followed.
func (l *Lab) Client() (*http.Client, error) {
	return l.client(l.trust())
}

// StagingClient is such a client that trusts what Let's Encrypt's staging server issues, and nothing else.
func (l *Lab) StagingClient() (*http.Client, error) { return l.client(l.stagingRoot()) }

func (l *Lab) client(trusts string) (*http.Client, error) {
	trusted, err := os.ReadFile(trusts)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(trusted) {
		return nil, fmt.Errorf("%s holds no certificate", trusts)
	}
	return &http.Client{
		Timeout: 10 * time.Second,
		Transport: &http.Transport{
			DialContext:       l.Dial,
			TLSClientConfig:   &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
			DisableKeepAlives: true,
		},
	}, nil
}

// Dial connects from the client's address in the internet namespace.
func (l *Lab) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	ip, err := l.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	return l.dialAddress(ctx, network, Guest, net.JoinHostPort(ip, port))
}

// Listen opens a port at the address of the internet's servers (Gateway), for a server of
// a scenario's own.
func (l *Lab) Listen(ctx context.Context) (net.Listener, error) {
	return inside(l.namespaceFile(), func() (net.Listener, error) {
		return new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(Gateway, "0"))
	})
}

// dialAddress connects from an address in the internet namespace.
func (l *Lab) dialAddress(ctx context.Context, network, from, address string) (net.Conn, error) {
	return inside(l.namespaceFile(), func() (net.Conn, error) {
		var d net.Dialer
		if from != "" {
			d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
		}
		// The address is literal, so the dialer makes the socket on this thread.
		return d.DialContext(ctx, network, address)
	})
}

// inside makes a socket on a thread that has entered the namespace. The socket stays
// there; the thread is thrown away.
func inside[T any](namespace string, open func() (T, error)) (T, error) {
	type result struct {
		socket T
		err    error
	}
	done := make(chan result, 1)
	go func() {
		// Never unlocked: the runtime ends the thread with the goroutine.
		runtime.LockOSThread()
		var r result
		if r.err = enter(namespace); r.err == nil {
			r.socket, r.err = open()
		}
		done <- r
	}()
	r := <-done
	return r.socket, r.err
}

// enter moves this thread into a network namespace.
func enter(namespace string) error {
	ns, err := netns.GetFromPath(namespace)
	if err != nil {
		return fmt.Errorf("the lab's internet: %w", err)
	}
	defer func() { _ = ns.Close() }()
	if err := netns.Set(ns); err != nil {
		return fmt.Errorf("enter the lab's internet: %w", err)
	}
	return nil
}
