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
	"path/filepath"
	"testing"
	"time"
)

const (
	ingresses   = "/apis/networking.k8s.io/v1/ingresses"
	secrets     = "/api/v1/secrets"
	configMaps  = "/api/v1/configmaps"
	services    = "/api/v1/services"
	deployments = "/apis/apps/v1/deployments"
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
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // the test looks at the certificate itself
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

// green is an API with the default domain as the charts install it.
func green(t *testing.T) *fakeAPI {
	t.Helper()
	f := newFakeAPI(t)
	crt, key := pair(t, "nginz-https.green.example.org", "webapp.green.example.org")
	f.put(secrets, secretJSON("green", crt, key))
	for _, name := range []string{"nginz", "webapp-http", "s3-http", "account-pages-http"} {
		f.put(services, fmt.Sprintf(`{"metadata": {"name": %q}}`, name))
	}
	f.put(configMaps, `{"metadata": {"name": "nginz-deeplink"}, "data": {"nginz-https.green.example.org-deeplink.json": "{\"title\":\"green\"}"}}`)
	f.put(deployments, `{"metadata": {"name": "webapp"}, "spec": {"template": {"spec": {"containers": [{"env": [{"name": "APP_NAME", "value": "Webapp"}]}]}}}}`)
	f.put(ingresses, ingressJSON("nginx-ingress", "green", nil,
		[2]string{"nginz-https.green.example.org", "nginz"}, [2]string{"webapp.green.example.org", "webapp-http"}))
	f.put(ingresses, ingressJSON("minio-ingress", "green", nil, [2]string{"assets.green.example.org", "s3-http"}))
	return f
}

func launchGreen(t *testing.T) (*fakeAPI, *running) {
	t.Helper()
	f := green(t)
	r := launch(t, f.kubeconfig(), filepath.Join(t.TempDir(), "state.json"))
	r.eventually("https://nginz-https.green.example.org/deeplink.json", "everything is known", status(http.StatusOK))
	r.eventually("https://webapp.green.example.org/", "everything is known", status(http.StatusOK))
	return f, r
}

func TestCertificates(t *testing.T) {
	_, r := launchGreen(t)
	cases := map[string]string{
		"nginz-https.green.example.org": "nginz-https.green.example.org",
		"NGINZ-https.green.example.org": "nginz-https.green.example.org",
		"webapp.green.example.org":      "nginz-https.green.example.org",
		"assets.green.example.org":      fakeName, // in the tls block, not in the certificate
		"nginz-https.red.example.com":   fakeName, // no Ingress
	}
	for host, want := range cases {
		t.Run(host, func(t *testing.T) {
			if got := r.get("https://" + host + "/").subject; got != want {
				t.Errorf("the certificate is that of %q, want %q", got, want)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	f, r := launchGreen(t)
	f.put(ingresses, `{"metadata": {"name": "other"}, "spec": {"ingressClassName": "traefik", "rules": [{"host": "other.example.org",
		"http": {"paths": [{"path": "/", "backend": {"service": {"name": "nginz"}}}]}}]}}`)
	f.put(ingresses, ingressJSON("federator", "", nil, [2]string{"federator.green.example.org", "federator"}))
	r.eventually("https://federator.green.example.org/", "its Ingress is known", status(http.StatusServiceUnavailable))
	cases := map[string]struct {
		url, location string
		status        int
	}{
		"unknown host":                  {"https://red.example.com/", "", http.StatusNotFound},
		"unknown host, plain":           {"http://red.example.com/", "", http.StatusNotFound},
		"Ingress of another class":      {"https://other.example.org/status", "", http.StatusNotFound},
		"status":                        {"https://nginz-https.green.example.org/status", "", http.StatusOK},
		"no such path of nginz":         {"https://nginz-https.green.example.org/i/status", "", http.StatusNotFound},
		"websocket without a token":     {"https://nginz-https.green.example.org/await", "", http.StatusUnauthorized},
		"plain redirects":               {"http://webapp.green.example.org/a?b=c", "https://webapp.green.example.org/a?b=c", http.StatusPermanentRedirect},
		"assets without a key":          {"https://assets.green.example.org/", "", http.StatusForbidden},
		"a Service that is not there":   {"https://federator.green.example.org/", "", http.StatusServiceUnavailable},
		"plain without tls, no Service": {"http://federator.green.example.org/", "", http.StatusServiceUnavailable},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			a := r.get(tc.url)
			if a.status != tc.status || a.header.Get("Location") != tc.location {
				t.Errorf("%d to %q, want %d to %q", a.status, a.header.Get("Location"), tc.status, tc.location)
			}
		})
	}
}

func TestSecretChangesWithoutDroppingConnections(t *testing.T) {
	f, r := launchGreen(t)
	const url = "https://nginz-https.green.example.org/status"
	kept := r.client()
	kept.Transport.(*http.Transport).DisableKeepAlives = false
	if _, err := fetch(kept, url); err != nil {
		t.Fatal(err)
	}
	crt, key := pair(t, "renewed", "nginz-https.green.example.org")
	f.put(secrets, secretJSON("green", crt, key))
	r.eventually(url, "the renewed certificate", func(a answer) bool { return a.subject == "renewed" })
	old, err := fetch(kept, url)
	if err != nil || old.subject != "nginz-https.green.example.org" {
		t.Errorf("the open connection was dropped: %v, certificate of %q", err, old.subject)
	}
	f.remove(secrets, "green")
	r.eventually(url, "the fake certificate", func(a answer) bool { return a.subject == fakeName })
}

func TestIngressComesAndGoes(t *testing.T) {
	f, r := launchGreen(t)
	const url = "https://nginz-https.red.example.com/status"
	if got := r.get(url).status; got != http.StatusNotFound {
		t.Fatalf("status %d before there is an Ingress", got)
	}
	f.put(ingresses, ingressJSON("nginx-ingress-red", "red", nil, [2]string{"nginz-https.red.example.com", "nginz"}))
	r.eventually(url, "served", status(http.StatusOK))
	f.remove(ingresses, "nginx-ingress-red")
	r.eventually(url, "gone", status(http.StatusNotFound))
}

func TestRestartWithoutTheAPI(t *testing.T) {
	f := green(t)
	cache := filepath.Join(t.TempDir(), "deep", "state.json")
	kubeconfig := f.kubeconfig()
	const url = "https://nginz-https.green.example.org/deeplink.json"
	first := launch(t, kubeconfig, cache)
	first.eventually(url, "known", status(http.StatusOK))
	f.server.CloseClientConnections()
	f.server.Config.Close()
	if got := first.get(url); got.status != http.StatusOK {
		t.Errorf("without the API: status %d", got.status)
	}
	first.stop()

	second := launch(t, kubeconfig, cache)
	got := second.get(url)
	if got.status != http.StatusOK || got.body != `{"title":"green"}` || got.subject != "nginz-https.green.example.org" {
		t.Errorf("after the restart: %d %s, certificate of %q", got.status, got.body, got.subject)
	}
}

func TestGoneIsListedAgain(t *testing.T) {
	f, r := launchGreen(t)
	before := f.listed(services)
	f.forget()
	await(t, "the Services to be listed again", func() bool { return f.listed(services) > before })
	f.put(configMaps, `{"metadata": {"name": "nginz-deeplink"}, "data": {"nginz-https.green.example.org-deeplink.json": "new"}}`)
	r.eventually("https://nginz-https.green.example.org/deeplink.json", "the new text", func(a answer) bool { return a.body == "new" })
}

func TestBrokenConnectionIsTakenUpAgain(t *testing.T) {
	f, r := launchGreen(t)
	f.server.CloseClientConnections()
	f.put(configMaps, `{"metadata": {"name": "nginz-deeplink"}, "data": {"nginz-https.green.example.org-deeplink.json": "new"}}`)
	r.eventually("https://nginz-https.green.example.org/deeplink.json", "the new text", func(a answer) bool { return a.body == "new" })
}
