package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"testing"
	"time"
)

// pair is a self-signed certificate for the names, whose first is also its
// common name, and its key.
func pair(t *testing.T, names ...string) (crt, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: names[0]}, DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: encoded})
}

// running is an ingressd under test.
type running struct {
	t             *testing.T
	plain, secure string // addresses
	stop          func()
}

// launch runs ingressd against the API that a kubeconfig names.
func launch(t *testing.T, kubeconfig, cache string) *running {
	t.Helper()
	mirror, err := newMirror("nginx", cache)
	if err != nil {
		t.Fatal(err)
	}
	plain, secure := listen(t), listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { mirror.follow(ctx, &api{kubeconfig: kubeconfig}); ended <- nil }()
	go func() { ended <- (&front{mirror: mirror}).serve(ctx, plain, secure) }()
	stopped := false
	r := &running{t: t, plain: plain.Addr().String(), secure: secure.Addr().String(), stop: func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		for range 2 {
			if err := <-ended; err != nil {
				t.Errorf("ended with %v", err)
			}
		}
	}}
	t.Cleanup(r.stop)
	return r
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// client reaches ingressd under every name and accepts every certificate.
func (r *running) client() *http.Client {
	dialer := &net.Dialer{}
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DisableKeepAlives: true,
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // the test looks at the certificate itself
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				to := r.secure
				if _, port, err := net.SplitHostPort(address); err == nil && port == "80" {
					to = r.plain
				}
				return dialer.DialContext(ctx, network, to)
			},
		},
	}
}

// answer is what a request came to.
type answer struct {
	status  int
	subject string // of the certificate
	header  http.Header
	body    string
}

func (r *running) get(url string) answer {
	r.t.Helper()
	a, err := fetch(r.client(), url)
	if err != nil {
		r.t.Fatal(err)
	}
	return a
}

func fetch(client *http.Client, url string) (answer, error) {
	resp, err := client.Get(url)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	a := answer{status: resp.StatusCode, header: resp.Header, body: string(body)}
	if resp.TLS != nil {
		a.subject = resp.TLS.PeerCertificates[0].Subject.CommonName
	}
	return a, err
}

// eventually asks until the answer is as wanted.
func (r *running) eventually(url, want string, holds func(answer) bool) answer {
	r.t.Helper()
	var last answer
	await(r.t, fmt.Sprintf("%s: %s", url, want), func() bool {
		last = r.get(url)
		return holds(last)
	})
	return last
}

func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	ticks := time.NewTicker(10 * time.Millisecond)
	defer ticks.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("never came: %s", what)
		case <-ticks.C:
		}
	}
}

func status(want int) func(answer) bool { return func(a answer) bool { return a.status == want } }
