package ingress

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wiabctl/provision/change"
)

func TestDirectories(t *testing.T) {
	staging := Certificate{Staging: true}
	for _, tc := range []struct {
		name string
		spec Spec
		want []string
	}{
		{"the default domain alone", Spec{}, []string{productionDirectory}},
		{"an extra domain", Spec{Domains: []Domain{{}}}, []string{productionDirectory}},
		{"two from staging", Spec{Domains: []Domain{{Certificate: staging}, {}, {Certificate: staging}}}, []string{productionDirectory, stagingDirectory}},
	} {
		if diff := cmp.Diff(tc.want, tc.spec.Directories()); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
}

func TestAskDirectory(t *testing.T) {
	const right = `{"newNonce":"https://a/nonce","newOrder":"https://a/order"}`
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name   string
		answer http.HandlerFunc
		says   string // empty: it is one
	}{
		{"an ACME server", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(right)) }, ""},
		{"a captive portal", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>log in</html>")) }, "what answers is no ACME server"},
		{"another API", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{}`)) }, "what answers is no ACME server"},
		{"out of order", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, "it answers 503 Service Unavailable"},
		{"endless", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"newOrder":"` + strings.Repeat("x", directoryLimit) + `"}`))
		}, "what answers is no ACME server"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Date", now.Format(http.TimeFormat))
				tc.answer(w, r)
			}))
			defer server.Close()
			there, err := AskDirectory(t.Context(), server.Client(), server.URL)
			if !there.Equal(now) {
				t.Errorf("it is %s there", there)
			}
			if tc.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			found := change.Failures(err)
			if len(found) != 1 || found[0].ID != ACMEUnreachable.ID || !strings.Contains(found[0].Cause, server.URL+": "+tc.says) || !strings.HasSuffix(found[0].Remedy, server.URL) {
				t.Errorf("found %v", err)
			}
		})
	}
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	if _, err := AskDirectory(t.Context(), &http.Client{}, server.URL); err == nil || !strings.Contains(err.Error(), "certificate") || strings.Count(err.Error(), server.URL) != 1 {
		t.Errorf("a server that nobody trusts: %v", err)
	}
	late, cancel := context.WithTimeoutCause(t.Context(), time.Nanosecond, errSilent)
	defer cancel()
	if _, err := AskDirectory(late, server.Client(), server.URL); err == nil || !strings.HasSuffix(err.Error(), errSilent.Error()) {
		t.Errorf("too late: %v", err)
	}
}
