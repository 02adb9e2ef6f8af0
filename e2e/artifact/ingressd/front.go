package main

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
)

// grace is how long requests may take to end when ingressd is stopped.
const grace = 5 * time.Second

// front takes the requests on the two NodePorts.
type front struct {
	mirror *mirror
}

// serve answers on both listeners until ctx ends, and then lets requests end.
func (f *front) serve(ctx context.Context, plain, secure net.Listener) error {
	slog.Info("serving", "http", plain.Addr(), "https", secure.Addr())
	redirecting := server(http.HandlerFunc(f.plain))
	answering := server(http.HandlerFunc(f.secure))
	answering.TLSConfig = f.tls()

	ended := make(chan error, 2)
	go func() { ended <- redirecting.Serve(plain) }()
	go func() { ended <- answering.ServeTLS(secure, "", "") }()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	return errors.Join(err, redirecting.Shutdown(ending), answering.Shutdown(ending))
}

func server(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 30 * time.Second, // as long as an emulated CPU may take
		IdleTimeout:       75 * time.Second, // as nginx
		// Port scans and self-checks end handshakes early; that is no news.
		ErrorLog: slog.NewLogLogger(slog.NewTextHandler(io.Discard, nil), slog.LevelDebug),
	}
}

// tls takes the certificate of the world at the time of each handshake.
func (f *front) tls() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		// P-256 has assembly for old CPUs, and the guests' CPU is emulated.
		CurvePreferences: []tls.CurveID{tls.CurveP256},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			return f.mirror.world.Load().getCertificate(hello), nil
		},
	}
}

// plain answers HTTP: redirects to HTTPS where there is TLS, but not who asks for a challenge.
func (f *front) plain(rw http.ResponseWriter, req *http.Request) {
	w := f.mirror.world.Load()
	name := hostname(req)
	if h := w.hosts[name]; h != nil && h.secure && !strings.HasPrefix(req.URL.Path, challenges) {
		http.Redirect(rw, req, "https://"+name+req.URL.RequestURI(), http.StatusPermanentRedirect)
		return
	}
	f.secure(rw, req)
}

// secure answers by host and path.
func (f *front) secure(rw http.ResponseWriter, req *http.Request) {
	w := f.mirror.world.Load()
	if h := w.hosts[hostname(req)]; h != nil {
		if to, ok := h.route(req.URL.Path); ok {
			w.answer(rw, req, to)
			return
		}
	}
	http.Error(rw, "default backend - 404", http.StatusNotFound)
}

// hostname is the Host header in lower case, without the port.
func hostname(req *http.Request) string {
	name := req.Host
	if bare, _, err := net.SplitHostPort(name); err == nil {
		name = bare
	}
	return strings.ToLower(name)
}
