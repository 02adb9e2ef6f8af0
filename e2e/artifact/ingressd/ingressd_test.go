package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

const (
	ingresses   = "/apis/networking.k8s.io/v1/ingresses"
	secrets     = "/api/v1/secrets"
	configMaps  = "/api/v1/configmaps"
	services    = "/api/v1/services"
	deployments = "/apis/apps/v1/deployments"
)

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
	f.remove(services, "nginz")
	r.eventually(url, "without its Service", status(http.StatusServiceUnavailable))
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

func TestAnotherCluster(t *testing.T) {
	old := green(t)
	kubeconfig := old.kubeconfig()
	const url = "https://nginz-https.green.example.org/deeplink.json"
	r := launch(t, kubeconfig, filepath.Join(t.TempDir(), "state.json"))
	r.eventually(url, "known", status(http.StatusOK))

	fresh := green(t)
	fresh.put(configMaps, `{"metadata": {"name": "nginz-deeplink"}, "data": {"nginz-https.green.example.org-deeplink.json": "fresh"}}`)
	if err := os.Rename(fresh.kubeconfig(), kubeconfig); err != nil {
		t.Fatal(err)
	}
	old.server.CloseClientConnections()
	old.server.Config.Close()
	r.eventually(url, "what the new cluster says", func(a answer) bool { return a.body == "fresh" })
}
