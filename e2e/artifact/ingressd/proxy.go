package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"sync"
	"time"
)

// proxy lets through what the node's pods send: those of the lab do not run here, and what
// they send has to leave from here all the same. It is a forward proxy for the node's own
// view of the network: its names, its routes.
type proxy struct {
	dial  net.Dialer
	plain *httputil.ReverseProxy
}

// dialing is longer than the patience of who asks: a way that leads nowhere looks to them as
// it would without a proxy.
const dialing = time.Minute

func newProxy() *proxy {
	p := &proxy{dial: net.Dialer{Timeout: dialing}}
	p.plain = &httputil.ReverseProxy{
		Rewrite: func(*httputil.ProxyRequest) {}, // the request names its destination itself
		Transport: &http.Transport{
			DialContext:       p.dial.DialContext,
			DisableKeepAlives: true,
		},
		ErrorHandler: func(rw http.ResponseWriter, req *http.Request, err error) {
			slog.Info("not let through", "to", req.URL.Host, "error", err)
			http.Error(rw, err.Error(), http.StatusBadGateway)
		},
	}
	return p
}

// serve lets through on the listener until ctx ends.
func (p *proxy) serve(ctx context.Context, listener net.Listener) error {
	letting := server(p)
	defer context.AfterFunc(ctx, func() { letting.Close() })()
	if err := letting.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (p *proxy) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	switch {
	case req.Method == http.MethodConnect:
		p.connect(rw, req)
	case req.URL.IsAbs():
		p.plain.ServeHTTP(rw, req)
	default:
		http.Error(rw, "this is a proxy", http.StatusBadRequest)
	}
}

// connect joins the client with its destination.
func (p *proxy) connect(rw http.ResponseWriter, req *http.Request) {
	there, err := p.dial.DialContext(req.Context(), "tcp", req.Host)
	if err != nil {
		slog.Info("not let through", "to", req.Host, "error", err)
		http.Error(rw, err.Error(), http.StatusBadGateway)
		return
	}
	defer there.Close()
	rw.WriteHeader(http.StatusOK)
	here, buffered, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		return
	}
	defer here.Close()
	var both sync.WaitGroup
	both.Go(func() { pass(there, buffered) })
	both.Go(func() { pass(here, there) })
	both.Wait()
}

// pass copies until one side ends, and tells the other.
func pass(to io.Writer, from io.Reader) {
	io.Copy(to, from) //nolint:errcheck // the end of a connection, however it comes
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		half.CloseWrite() //nolint:errcheck // as above
	}
}
