package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wiabctl/provision/change"
)

// issuanceAPI is an API that holds the issuance of a case.
func issuanceAPI(t *testing.T, is issuance) *API {
	t.Helper()
	return testAPI(t, answers(is))
}

func answers(is issuance) map[string]any {
	items := func(all any) any { return map[string]any{"items": all} }
	return map[string]any{
		controllerPath:                     is.Controller,
		inDefault + "/certificates":        items(is.Certificates),
		inDefault + "/certificaterequests": items(is.Requests),
		acmeAPI + "/orders":                items(is.Orders),
		acmeAPI + "/challenges":            items(is.Challenges),
		certManagerAPI + "/clusterissuers": items(is.Issuers),
	}
}

func TestCertificatesPlan(t *testing.T) {
	for name, want := range map[string]string{
		"ready":                "",
		"missing":              "wait certificate red-example-com-csr: it does not exist yet",
		"order-pending":        "wait certificate red-example-com-csr: its order is pending",
		"renewal-rate-limited": "",
		"rate-limited":         "wait certificate red-example-com-csr: refused at ",
		"refused-dns":          "restart certificate red-example-com-csr: refused at ",
		"renewal-refused":      "restart certificate red-example-com-csr: it is valid, its renewal was refused at ",
	} {
		t.Run(name, func(t *testing.T) {
			changes, err := Certificates{API: issuanceAPI(t, readIssuance(t, name)), Want: []string{redCSR}}.Plan(t.Context())
			if err != nil || len(changes) > 1 || (len(changes) == 1) != (want != "") {
				t.Fatalf("%v, %v; want %q", changes, err, want)
			}
			if want != "" && !strings.HasPrefix(changes[0].String(), want) {
				t.Errorf("%s, want %s", changes[0], want)
			}
		})
	}
	t.Run("nobody's of ours", func(t *testing.T) {
		changes, err := Certificates{API: issuanceAPI(t, readIssuance(t, "refused-dns")), Want: nil}.Plan(t.Context())
		if err != nil || len(changes) != 0 {
			t.Errorf("%v, %v", changes, err)
		}
	})
}

func TestCertificatesPending(t *testing.T) {
	for name, want := range map[string]bool{
		"ready": false, "renewal-rate-limited": false,
		"missing": true, "order-pending": true, "renewing": true, "renewal-refused": true, "rate-limited": true,
	} {
		t.Run(name, func(t *testing.T) {
			if got := (Certificates{API: issuanceAPI(t, readIssuance(t, name)), Want: []string{redCSR}}).Pending(t.Context()); got != want {
				t.Errorf("pending: %v, want %v", got, want)
			}
		})
	}
	t.Run("nobody's of ours", func(t *testing.T) {
		if !(Certificates{API: issuanceAPI(t, readIssuance(t, "order-pending"))}).Pending(t.Context()) {
			t.Error("not pending, while somebody's is")
		}
	})
	t.Run("asked by several stages at a time", func(t *testing.T) {
		want := make([]string, 1, 8)
		want[0] = redCSR
		stage := Certificates{API: issuanceAPI(t, readIssuance(t, "ready")), Want: want}
		if stage.Pending(t.Context()) || want[:2][1] != "" {
			t.Errorf("%q stands behind what all of them read", want[:2][1])
		}
	})
	t.Run("it cannot be told", func(t *testing.T) {
		api := testAPI(t, map[string]any{inDefault + "/certificates": "nonsense"})
		if !(Certificates{API: api}).Pending(t.Context()) {
			t.Error("not pending, where nobody knows")
		}
	})
}

// soon is the test's context, for so long.
func soon(t *testing.T, most time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), most)
	t.Cleanup(cancel)
	return ctx
}

// What cannot come is not waited for.
func TestCertificatesAwaitEnds(t *testing.T) {
	closed := change.Kind{ID: "closed"}.Failf("the hairpin is closed")
	for _, tc := range []struct {
		name   string
		before time.Time
		is     error
		says   string
	}{
		{name: "ready"},
		{name: "refused-dns", is: CertificateRefused.Failf(""), says: "at once with the next `wiabctl up`"},
		{name: "rate-limited", is: CertificateRefused.Failf(""), says: "wiabctl does not have it asked before"},
		{name: "self-check", is: closed, says: "the hairpin is closed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var asked []string
			stage := Certificates{API: issuanceAPI(t, readIssuance(t, tc.name)), Want: []string{redCSR}, Obstacle: func(_ context.Context, to []string) error {
				asked = to
				return closed
			}}
			err := stage.await(soon(t, 20*time.Second), &lookout{api: stage.API}, redCSR, tc.before, nil)
			if !errors.Is(err, tc.is) || err != nil && !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%v, want %v", err, tc.is)
			}
			if tc.name == "self-check" && (len(asked) != 2 || asked[0] != "nginz-https.red.example.com:80") {
				t.Errorf("asked about %v", asked)
			}
		})
	}
	outlived := answers(readIssuance(t, "order-pending"))
	delete(outlived, controllerPath)
	for name, held := range map[string]map[string]any{"no cert-manager": nil, "its kinds alone": outlived} {
		t.Run(name, func(t *testing.T) {
			stage := Certificates{API: testAPI(t, held), Want: []string{redCSR}}
			err := stage.await(soon(t, 20*time.Second), &lookout{api: stage.API}, redCSR, time.Time{}, nil)
			if !errors.Is(err, CertificateNotReady.Failf("")) || !strings.Contains(err.Error(), "there is no cert-manager") {
				t.Error(err)
			}
		})
	}
}

// Another attempt ends when it is refused, and not because the one before was.
func TestCertificatesAwaitAnotherAttempt(t *testing.T) {
	is := readIssuance(t, "refused-dns")
	held := answers(is)
	stage := Certificates{API: testAPI(t, held), Want: []string{redCSR}}
	before := is.Certificates[0].Status.Failed
	if err := stage.await(soon(t, 2*time.Second), &lookout{api: stage.API}, redCSR, before, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the refusal before counts: %v", err)
	}
	if err := stage.await(soon(t, 20*time.Second), &lookout{api: stage.API}, redCSR, before.Add(-time.Hour), nil); !errors.Is(err, CertificateRefused.Failf("")) {
		t.Errorf("a refusal after does not count: %v", err)
	}
}

// However many certificates are waited for, the cluster is asked as often as for one.
func TestCertificatesAskTogether(t *testing.T) {
	is := readIssuance(t, "order-pending")
	var lists atomic.Int32
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == inDefault+"/certificates" && lists.Add(1) == 3 {
			stop()
		}
		_ = json.NewEncoder(w).Encode(answers(is)[r.URL.Path])
	}))
	defer server.Close()
	api := testAPI(t, nil)
	installKubeconfig(t, api.Admin, server)
	stage := Certificates{API: api, Obstacle: func(context.Context, []string) error { return nil }}
	const many = 100
	for n := range many {
		name := fmt.Sprintf("d%d-example-com-csr", n)
		one := is.Certificates[0]
		one.Metadata.Name = name
		is.Certificates = append(is.Certificates, one)
		stage.Want = append(stage.Want, name)
	}
	changes, err := stage.Plan(t.Context())
	if err != nil || len(changes) != many {
		t.Fatalf("%d changes, %v", len(changes), err)
	}
	lists.Store(0)
	began := time.Now()
	var waiting sync.WaitGroup
	for _, c := range changes {
		waiting.Go(func() {
			if err := c.Apply(ctx, func(string) {}); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", c, err)
			}
		})
	}
	waiting.Wait()
	if asked, took := lists.Load(), time.Since(began); asked < 3 || time.Duration(asked-1)*lookEvery > took {
		t.Errorf("it was asked %d times in %s", asked, took)
	}
}

// Who stops waiting spoils nobody else's look.
func TestLookoutOfWhoStops(t *testing.T) {
	shared := &lookout{api: issuanceAPI(t, readIssuance(t, "ready"))}
	gone, stop := context.WithCancel(t.Context())
	stop()
	if _, err := shared.look(gone); err == nil {
		t.Error("it looks for who is gone")
	}
	if is, err := shared.look(t.Context()); err != nil || len(is.Certificates) == 0 {
		t.Errorf("who waits sees %v, %v", is.Certificates, err)
	}
}

func TestCertificatesRetry(t *testing.T) {
	is := readIssuance(t, "refused-dns")
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var patch []struct {
		Op, Path string
		Value    any
	}
	if err := json.Unmarshal([]byte(is.Certificates[0].issuingAgain(now)), &patch); err != nil {
		t.Fatal(err)
	}
	if len(patch) != 2 || patch[0].Op != "test" || patch[0].Path != "/status/conditions/0/type" || patch[1].Op != "replace" || patch[1].Path != "/status/conditions/0" {
		t.Fatalf("%+v", patch)
	}
	issuing, ok := patch[1].Value.(map[string]any)
	if !ok || issuing["status"] != "True" || issuing["type"] != "Issuing" || issuing["lastTransitionTime"] != "2026-03-01T12:00:00Z" {
		t.Errorf("%+v", patch[1].Value)
	}
	// cert-manager compares whole seconds.
	if text := is.Certificates[0].issuingAgain(is.Certificates[0].Status.Failed.Add(900 * time.Millisecond)); !strings.Contains(text, `"lastTransitionTime":"2026-03-01T10:05:01Z"`) {
		t.Error(text)
	}
	is.Certificates[0].Status.Conditions = nil
	if text := is.Certificates[0].issuingAgain(now); !strings.Contains(text, `"/status/conditions/-"`) {
		t.Error(text)
	}
}

// An obstacle has to be found twice, and what is reached again forgets the first time.
func TestSearch(t *testing.T) {
	blocked := errors.New("blocked")
	var found error
	asked := 0
	s := search{obstacle: func(context.Context, []string) error { asked++; return found }}
	later := func() { s.last = s.last.Add(-searchAgain) }
	look := func(unreached ...string) error { return s.look(t.Context(), unreached) }
	if look("a:80") != nil || asked != 0 {
		t.Error("looked at once")
	}
	later()
	found = blocked
	if look("a:80") != nil || asked != 1 {
		t.Error("once is enough")
	}
	if look("a:80") != nil || asked != 1 {
		t.Error("does not pause")
	}
	later()
	if !errors.Is(look("a:80"), blocked) {
		t.Error("twice is not enough")
	}
	look()
	if look("a:80") != nil {
		t.Error("remembers what was reached since")
	}
	later()
	if look("a:80") != nil {
		t.Error("remembers what it found before everything was reached")
	}
	later()
	found = nil
	look("a:80")
	later()
	found = blocked
	if look("a:80") != nil {
		t.Error("a look that found nothing does not count")
	}
}
