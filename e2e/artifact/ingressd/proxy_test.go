package main

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// through is a client whose requests go through a proxy.
func through(t *testing.T) *http.Client {
	t.Helper()
	l := listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- newProxy().serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		Proxy:           http.ProxyURL(&url.URL{Scheme: "http", Host: l.Addr().String()}),
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // httptest's certificate
	}}
}

func TestProxy(t *testing.T) {
	answering := http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		io.WriteString(rw, req.Host+req.URL.Path)
	})
	for name, start := range map[string]func(http.Handler) *httptest.Server{"plain": httptest.NewServer, "over TLS": httptest.NewTLSServer} {
		t.Run(name, func(t *testing.T) {
			server := start(answering)
			defer server.Close()
			got, err := fetch(through(t), server.URL+"/a")
			if want := strings.TrimPrefix(strings.TrimPrefix(server.URL, "https://"), "http://") + "/a"; err != nil || got.body != want {
				t.Errorf("%q, %v; want %q", got.body, err, want)
			}
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		if got, err := fetch(through(t), "http://"+l.Addr().String()); err != nil || got.status != http.StatusBadGateway || !strings.Contains(got.body, "refused") {
			t.Errorf("%d %q, %v", got.status, got.body, err)
		}
		if _, err := fetch(through(t), "https://"+l.Addr().String()); err == nil || !strings.Contains(err.Error(), "Bad Gateway") {
			t.Errorf("over TLS: %v", err)
		}
	})
}
