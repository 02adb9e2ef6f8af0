package main

import (
	"net/http"
	"testing"
)

const pods = "/api/v1/pods"

// A challenge is answered from what cert-manager makes for it, over plain HTTP, also where
// everything else is sent to HTTPS.
func TestSolver(t *testing.T) {
	f, r := launchGreen(t)
	const url = "http://webapp.green.example.org/.well-known/acme-challenge/tok"
	if got := r.get(url); got.status != http.StatusServiceUnavailable && got.status != http.StatusNotFound {
		t.Errorf("without a challenge: status %d to %q", got.status, got.header.Get("Location"))
	}
	f.put(ingresses, `{"metadata": {"name": "cm-acme-http-solver-x", "creationTimestamp": "2026-01-01T00:00:00Z", "annotations": {"kubernetes.io/ingress.class": "nginx"}},
		"spec": {"rules": [{"host": "webapp.green.example.org", "http": {"paths": [{"path": "/.well-known/acme-challenge/tok", "pathType": "Exact",
		"backend": {"service": {"name": "cm-acme-http-solver-s", "port": {"number": 8089}}}}]}}]}}`)
	f.put(services, `{"metadata": {"name": "cm-acme-http-solver-s"}, "spec": {"selector": {"domain": "1", "token": "2"}}}`)
	other := `{"metadata": {"name": "other", "labels": {"domain": "9", "token": "2"}}, "status": {"conditions": [{"type": "Ready", "status": "True"}]},
		"spec": {"containers": [{"args": ["--domain=webapp.green.example.org", "--token=tok", "--key=wrong"]}]}}`
	mine := func(ready string) string {
		return `{"metadata": {"name": "mine", "labels": {"domain": "1", "token": "2", "more": "3"}}, "status": {"conditions": [{"type": "Ready", "status": "` + ready + `"}]},
			"spec": {"containers": [{"args": ["--listen-port=8089", "--domain=webapp.green.example.org", "--token=tok", "--key=tok.thumb=print"]}]}}`
	}
	f.put(pods, other)
	f.put(pods, mine("False"))
	r.eventually(url, "no Pod that is ready", status(http.StatusServiceUnavailable))
	f.put(pods, mine("True"))
	r.eventually(url, "the key", func(a answer) bool { return a.status == http.StatusOK && a.body == "tok.thumb=print" })
	if got := r.get("http://webapp.green.example.org/").status; got != http.StatusPermanentRedirect {
		t.Errorf("everything else: status %d", got)
	}
	f.put(pods, `{"metadata": {"name": "mine", "labels": {"domain": "1", "token": "2"}}, "status": {"conditions": [{"type": "Ready", "status": "True"}]},
		"spec": {"containers": [{"args": ["--domain=teams.green.example.org", "--token=tok", "--key=k"]}]}}`)
	r.eventually(url, "another name's answer is refused", status(http.StatusNotFound))
}
